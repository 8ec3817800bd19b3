"""client/drawbridge.js in Node, its types and its README, with the real daemon. Usage: client_test.py SOURCES DRAWBRIDGE"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(1, str(HERE.parent / "e2e"))

from bridge import TOKENS, Bridge
from docs_test import DRAWBRIDGE, SOURCES, Reasons, blocks, code_spans, reference_keys, tables

CLIENT = SOURCES / "client"
README = CLIENT / "README.md"
NODE = "/usr/bin/node"
PATIENCE = 120  # seconds, for all scenarios
ENVIRONMENT = {**os.environ, "NODE_PATH": "/usr/share/nodejs", "NODE_NO_WARNINGS": "1"}


def node(*arguments, **options):
    ran = subprocess.run([NODE, *arguments], capture_output=True, text=True, timeout=PATIENCE, check=False,
                         env=ENVIRONMENT, **options)
    if ran.returncode != 0 or ran.stderr:
        raise AssertionError(f"{arguments}: {ran.returncode}\n{ran.stdout}\n{ran.stderr}")
    return ran.stdout


def expression(text):
    """What it is in JavaScript, with everything that the module exports."""
    return json.loads(node("--input-type=module", "--eval", f"import * as client from '{CLIENT}/drawbridge.js';\n"
                           f"console.log(JSON.stringify({text}));"))


class InNode(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bridge = Bridge(SOURCES, DRAWBRIDGE)
        cls.addClassCleanup(cls.bridge.close)

    def run_scenarios(self, kind, *flags):
        told = node(*flags, HERE / "node.mjs", self.bridge.origin, f"ws://127.0.0.1:{self.bridge.port}", kind)
        results = [json.loads(line) for line in told.splitlines()]
        self.assertGreater(len(results), 25)
        for result in results:
            with self.subTest(result["name"]):
                self.assertNotIn("error", result, result.get("error"))

    def test_every_scenario_with_ws(self):
        self.run_scenarios("ws")

    def test_every_scenario_with_the_websocket_of_node(self):
        major = int(node("--eval", "console.log(process.versions.node)").split(".")[0])
        if major < 20:
            self.skipTest(f"skipped: Node {major} has no WebSocket")
        self.run_scenarios("native", *(["--experimental-websocket"] if major < 22 else []))

    def test_nothing_keeps_node_running_after_the_end(self):
        self.assertEqual(node("--input-type=module", "--eval", f"""
            import {{ createRequire }} from "node:module";
            import {{ DrawbridgeSocket }} from "{CLIENT}/drawbridge.js";
            const options = {{ WebSocket: createRequire("/")("ws"), reconnect: {{ min: 1e9, max: 1e9 }} }};
            const socket = new DrawbridgeSocket("ws://127.0.0.1:{self.bridge.port}/nowhere", options);
            socket.addEventListener("close", ({{ willReconnect }}) => {{ console.log(willReconnect); socket.close(); }});
            """), "true\n")

    # By heading: what stands behind the example, and what it prints.
    PAGES = {
        "drawbridge.js": ("", r"Uint8Array\(6\) \[ 104, 101, 108, 108, 111, 10 \]\n"),
        "Come back after an end": ("", r"shown subscribe\n(1006|1012 |drain).*, again in 1 s\nattempt 1\n(.*\n)*?shown subscribe\n"),
        "A token": ("socket.opened.then(({ protocol }) => { console.log(protocol); process.exit(); });", r"binary\n"),
        "Text": ("process.exit();", r"grüße\n\n"),
        "Node": ("", ""),
        "Beside a WebSocket of your own": ("", r"1008 killed\n"),
    }

    def test_every_example_of_the_readme(self):
        directory = Path(tempfile.mkdtemp(prefix="drawbridge-examples-"))
        self.addCleanup(shutil.rmtree, directory)
        shutil.copy(CLIENT / "drawbridge.js", directory)
        (directory / "package.json").write_text('{ "type": "module" }')
        (directory / "node_modules").symlink_to("/usr/share/nodejs")
        title, seen = "", []
        examples = {block.line: block for block in blocks(README) if block.language == "js"}
        for number, line in enumerate(README.read_text(encoding="utf-8").splitlines(), 1):
            title = line.lstrip("#").strip() if re.match(r"#+ ", line) else title
            if number not in examples:
                continue
            seen.append(title)
            more, expected = self.PAGES[title]
            route = {"A token": "guarded", "Beside a WebSocket of your own": "killed"}.get(title, "echo")
            text = re.sub(r"wss://bridge.example.org:8443/\w+", f"ws://127.0.0.1:{self.bridge.port}/{route}", examples[number].text)
            (directory / "example.js").write_text(text.replace("https://app.example.org", self.bridge.origin) + more, encoding="utf-8")
            with self.subTest(title):
                said = node(HERE / "example.mjs", directory / "example.js", self.bridge.origin, TOKENS["alice"])
                self.assertRegex(said, rf"\A{expected}\Z")
        self.assertEqual(seen, list(self.PAGES))


class Readme(unittest.TestCase):
    def rows(self):
        rows = next(rows for head, rows in tables(README) if head == ["code", "reasons", "with `reconnect`"])
        for codes, words, then in rows:
            yield [int(code) for code in codes.split(", ")], re.findall(r"`(\w+)`", words), then

    def test_every_end_that_a_page_can_see_is_in_its_table(self):
        refusals = {401, 403, 429, 502, 503, 504}  # docs/troubleshooting.md, "Let the script see it"
        ends = {(int(code), word) for _, word, _, code in Reasons.ROWS if int(code)}
        ends |= {(4000 + int(status), word) for _, word, status, _ in Reasons.ROWS if int(status) in refusals}
        status = {word: int(status) for _, word, status, _ in Reasons.ROWS}
        close = {word: int(code) for _, word, _, code in Reasons.ROWS}
        shown = [(code, word) for codes, words, _ in self.rows() for word in words for code in codes
                 if code == (close[word] if code < 4000 else 4000 + status[word])]
        self.assertEqual(sorted(shown), sorted(ends))

    def test_the_module_does_what_the_table_says(self):
        asked, expected = [], []
        for codes, words, then in self.rows():
            for code in codes:
                for word in words or [""]:
                    asked.append({"code": code, "word": word})
                    back = then.startswith("comes back")
                    expected.append([back, back or "comes back if `token`" in then])
        told = expression(f"{json.dumps(asked)}.map((end) => [client.retryHelps(end), client.retryHelps(end, true)])")
        self.assertEqual(list(zip(asked, told)), list(zip(asked, expected)))

    def test_whoever_names_a_delay_is_asked_again_and_the_unknown_is_not(self):
        self.assertEqual(expression(
            '[{ code: 4403, reason: "not_permitted;retry=7" }, { code: 4429, reason: "rate" }, { code: 4499, reason: "who knows" },'
            ' { code: 1005 }].map(client.readClose).map((close) => [close.word, close.retryAfter, client.retryHelps(close)])'),
            [["not_permitted", 7000, True], ["rate", None, True], ["who knows", None, False], ["", None, False]])

    def test_its_defaults_are_those_of_the_module(self):
        module = (CLIENT / "drawbridge.js").read_text(encoding="utf-8")
        defaults = re.search(r"const reconnection = (\{.*\});", module)[1]
        for page in (README, CLIENT / "drawbridge.d.ts"):
            self.assertIn(defaults, page.read_text(encoding="utf-8"))
        self.assertIn("highWater: 1 << 20, maxBuffered: 64 << 20", module)

    def test_its_options_are_those_of_the_types(self):
        rows = next(rows for head, rows in tables(README) if head == ["option", "default", "meaning"])
        types = re.search(r"interface DrawbridgeOptions \{(.*?)^\}", (CLIENT / "drawbridge.d.ts").read_text(), flags=re.M | re.S)[1]
        self.assertEqual(sorted(row[0].strip("`") for row in rows), sorted(re.findall(r"^  (\w+)\?:", types, flags=re.M)))

    def test_the_keys_that_it_names_exist(self):
        names = {path[-1] for path in reference_keys()}
        for key in ("allow_missing_origin", "accepts", "message_type", "rejection", "downstream_rate"):
            self.assertTrue(any(span.startswith(key) for span in code_spans(README)), key)
            self.assertIn(key, names)


class Package(unittest.TestCase):
    DESCRIPTION = json.loads((CLIENT / "package.json").read_text())

    def test_it_has_the_version_and_the_licence_of_the_project(self):
        version = re.search(r"^project\(drawbridge VERSION (\S+)", (SOURCES / "CMakeLists.txt").read_text(), flags=re.M)[1]
        self.assertEqual(self.DESCRIPTION["version"], version)
        self.assertEqual((CLIENT / "LICENSE").read_text(), (SOURCES / "LICENSE").read_text())

    def test_it_is_all_of_the_folder_runs_nothing_and_needs_nothing(self):
        always = {"LICENSE", "README.md", "package.json"}
        self.assertEqual({file.name for file in CLIENT.iterdir()}, {*self.DESCRIPTION["files"], *always})
        self.assertFalse({"scripts", "dependencies"} & set(self.DESCRIPTION))
        directory = Path(tempfile.mkdtemp(prefix="drawbridge-package-"))
        self.addCleanup(shutil.rmtree, directory)
        (directory / "node_modules").mkdir()
        (directory / "node_modules/drawbridge-client").symlink_to(CLIENT)
        (directory / "page.mjs").write_text('import { DrawbridgeSocket } from "drawbridge-client"; console.log(DrawbridgeSocket.name);')
        self.assertEqual(node(directory / "page.mjs"), "DrawbridgeSocket\n")

    def test_the_types_have_every_export(self):
        types = (CLIENT / "drawbridge.d.ts").read_text(encoding="utf-8")
        self.assertEqual(sorted(re.findall(r"^export (?:class|function) (\w+)", types, flags=re.M)),
                         sorted(expression("Object.keys(client)")))

    @unittest.skipUnless(shutil.which("tsc"), "skipped: no TypeScript (apt install node-typescript)")
    def test_a_program_that_uses_them_compiles(self):
        for flags in (["--moduleResolution", "node", "--module", "es2022"], ["--moduleResolution", "node16", "--module", "node16"]):
            ran = subprocess.run(["tsc", "--noEmit", "--strict", "--target", "es2022", *flags, HERE / "types.mts"],
                                 capture_output=True, text=True, timeout=PATIENCE, check=False)
            self.assertEqual((ran.returncode, ran.stdout), (0, ""))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)

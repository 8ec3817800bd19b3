"""Holds the documentation true. Usage: docs_test.py SOURCES DRAWBRIDGE

Examples are run, log lines and tables are compared with the source, links and names are looked up.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from typing import NamedTuple

from command_line import commands

SOURCES = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else Path(__file__).resolve().parents[2]
DRAWBRIDGE = Path(sys.argv[2]).resolve() if len(sys.argv) > 2 else SOURCES / "build/release/drawbridge"

MANUALS = [SOURCES / "README.md", *sorted((SOURCES / "docs").glob("*.md"))]
MAN_PAGE = SOURCES / "docs/drawbridge.1"
KEYS_PAGE = SOURCES / "docs/drawbridge.yaml.5"
RUN = [SOURCES / "docs" / page for page in ("authentication.md", "monitoring.md", "proxies.md")]
REFERENCE = SOURCES / "conf/drawbridge.yaml"
INSTALLED = SOURCES / "conf/default.yaml"

# The other half of an example that shows only listeners or only routes.
SOME_LISTENER = "listeners:\n  - bind: 127.0.0.1:8080\n"
SOME_ROUTE = """routes:
  - name: some
    path: /some
    origins: [ "https://app.example.org" ]
    backend: tcp://127.0.0.1:9
"""


class Block(NamedTuple):
    """A fenced block of a page."""

    file: Path
    line: int
    language: str
    text: str
    # <!-- wrong --> stands before it, or <!-- warned -->: the next block is what `check` says of it.
    wrong: bool
    warned: bool

    @property
    def place(self):
        return f"{self.file.relative_to(SOURCES)}:{self.line}"


def blocks(file):
    found, opened, comment = [], None, ""
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if opened is None and line.startswith("```"):
            opened, language, lines = number, line[3:].strip(), []
        elif opened is not None and line == "```":
            wrong, warned = comment == "<!-- wrong -->", comment == "<!-- warned -->"
            found.append(Block(file, opened, language, "".join(lines), wrong, warned))
            opened, comment = None, ""
        elif opened is not None:
            lines.append(line + "\n")
        elif line.strip():
            comment = line.strip()
    if opened is not None:
        raise AssertionError(f"{file}:{opened}: the block never ends")
    return found


def all_blocks(language):
    return [block for file in MANUALS for block in blocks(file) if block.language == language]


def without_blocks(file):
    return re.sub(r"^```.*?^```$", "", file.read_text(encoding="utf-8"), flags=re.M | re.S)


def code_spans(file):
    return re.findall(r"(?<!`)`([^`\n]+)`(?!`)", without_blocks(file))


def source(*folders):
    files = [file for folder in folders for file in sorted((SOURCES / "src" / folder).glob("*.?pp"))]
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


def tables(file):
    """The rows of all tables, as lists of cells without the head."""
    for table in re.findall(r"(?:^\|.*\|\n)+", without_blocks(file), flags=re.M):
        head, _, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines())
        yield head, rows


def reference_keys():
    """All paths of keys in the reference, such as ('routes', 'limits', 'frame'), with the default that it shows or None."""
    paths, outer = {}, []
    for line in REFERENCE.read_text(encoding="utf-8").splitlines():
        key = re.match(r"( *)(- )?([a-z_]+):(?: +([^ #].*?))?(?:  +# ?(.*))?$", line)
        if not key:
            continue
        column = len(key[1]) + len(key[2] or "")
        while outer and outer[-1][0] >= column:
            outer.pop()
        outer.append((column, key[3]))
        path = tuple(name for _, name in outer)
        example = (key[5] or "").startswith("example")
        paths[path] = paths.get(path) or (None if example or not key[4] else re.sub(r'[][" ]+', "", key[4]))
    return paths


class Examples(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = Path(tempfile.mkdtemp(prefix="drawbridge-docs-"))
        cls.addClassCleanup(shutil.rmtree, cls.directory)
        cls.certificate, cls.key = cls.directory / "certificate.pem", cls.directory / "key.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "90"]
            + ["-subj", "/CN=localhost", "-keyout", cls.key, "-out", cls.certificate],
            check=True, capture_output=True)
        cls.key.chmod(0o600)

    def check(self, text):
        """The answer of `drawbridge check` to the example, with the files that it names: those of keys are empty, which
        is good for tokens and passwords; certificates are all the same."""
        here = Path(tempfile.mkdtemp(dir=self.directory))
        credentials = here / "credentials"
        credentials.mkdir()

        def provide(match):
            name = match[3]
            if name.startswith("credential:"):
                target = credentials / name.removeprefix("credential:")
            else:
                # Absolute paths are those of a machine in operation: the same below the temporary directory.
                target = here / name.lstrip("/")
                name = name.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            if match[1] in ("web", "directory"):
                target.mkdir(exist_ok=True)
            elif match[1] in ("file", "revocations"):
                target.touch()
            elif match[1] == "token":
                target.write_text("0123456789abcdef" * 4)
            else:
                shutil.copy(self.key if match[1] == "key" else self.certificate, target)
            return f"{match[1]}:{match[2]}{name}"

        text = re.sub(r'\b(chain|key|pem|ca|file|revocations|token|web|directory):( *"?)([^\s",}]+)', provide, text)
        (here / "drawbridge.yaml").write_text(text, encoding="utf-8")
        environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "CREDENTIALS_DIRECTORY": str(credentials)}
        return subprocess.run([DRAWBRIDGE, "check", "-c", "drawbridge.yaml"], cwd=here, env=environment, text=True,
                              capture_output=True, timeout=60, check=False)

    @staticmethod
    def completed(text):
        if not re.search(r"^listeners:", text, flags=re.M):
            text += SOME_LISTENER
        if not re.search(r"^routes:", text, flags=re.M):
            text += SOME_ROUTE
        return text

    def test_every_example_configuration_is_valid(self):
        # Others are run, with the files that their commands make, by recipes_test.py and monitoring_test.py.
        examples = [block for block in all_blocks("yaml")
                    if not block.wrong and not block.warned and block.file not in RUN]
        self.assertGreater(len(examples), 10)
        for example in examples:
            with self.subTest(example.place):
                text = self.completed(example.text)
                answer = self.check(text)
                # How many descriptors this machine allows says nothing about the example.
                complaints = [line for line in answer.stderr.splitlines() if "descriptors" not in line]
                self.assertEqual((answer.returncode, complaints), (0, []), f"\n{text}")

    def test_every_wrong_or_risky_example_gets_the_answer_that_is_shown(self):
        shown = 0
        for file in MANUALS:
            found = blocks(file)
            for example, answer in zip(found, found[1:]):
                if not example.wrong and not example.warned:
                    continue
                shown += 1
                with self.subTest(example.place):
                    checked = self.check(example.text if example.wrong else self.completed(example.text))
                    said = "".join(line for line in checked.stderr.splitlines(True) if "descriptors" not in line)
                    self.assertEqual((checked.returncode, said), (1 if example.wrong else 0, answer.text))
        self.assertGreater(shown, 0)

    def test_the_man_pages_show_the_smallest_configuration(self):
        smallest = next(block for block in blocks(SOURCES / "README.md") if block.language == "yaml").text
        for page in (MAN_PAGE, KEYS_PAGE):
            self.assertIn(smallest, page.read_text(encoding="utf-8"))

    def test_the_installed_configuration_is_valid_and_lets_nobody_in(self):
        answer = self.check(INSTALLED.read_text(encoding="utf-8"))
        self.assertEqual((answer.returncode, answer.stderr), (0, ""))
        origin = re.search(r'origins: \[ "(.*?)" \]', INSTALLED.read_text(encoding="utf-8"))[1]
        asked = subprocess.run([DRAWBRIDGE, "explain", "-c", INSTALLED, "--url", "ws://127.0.0.1/closed", "--origin", origin],
                               capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual((asked.returncode, asked.stderr), (1, ""))
        self.assertIn("refused: client_denied", asked.stdout)


class ManPages(unittest.TestCase):
    PROGRAM = commands(DRAWBRIDGE)

    def test_every_command_of_the_program_stands_there_and_no_other(self):
        shown = re.findall(r"^\.It Cm ([a-z -]+?)(?: (?:Ar|Op) .*)?$", MAN_PAGE.read_text(encoding="utf-8"), flags=re.M)
        self.assertEqual(sorted(shown), sorted(" ".join(command.words) for command in self.PROGRAM if command.words))

    def test_every_option_of_the_program_stands_there_and_no_other(self):
        text = MAN_PAGE.read_text(encoding="utf-8")
        shown = {match.replace("Fl ", "-", 1).replace("Fl ", "-").replace(" ", "")
                 for item in re.findall(r"^\.It (Fl .*)$", text, flags=re.M)
                 for match in re.findall(r"(?:Fl )+[a-z]+(?:-[a-z]+)*", item)}
        self.assertEqual(sorted(shown), sorted({option for command in self.PROGRAM for option in command.options}))

    def test_every_default_of_the_reference_stands_there(self):
        shown = dict(re.findall(r"^\.It Ic (\S+) Pq .*?default (.*)$", KEYS_PAGE.read_text(encoding="utf-8"), flags=re.M))
        shown = {tuple(name.replace("[]", "").split(".")): value.replace(" ", "") for name, value in shown.items()}
        defaults = {path: value for path, value in reference_keys().items() if value}
        self.assertGreater(len(defaults), 40)
        for path, value in defaults.items():
            with self.subTest(".".join(path)):
                self.assertEqual(shown.get(path), value)

    def test_they_are_well_formed(self):
        if not shutil.which("man"):
            self.skipTest("man is missing: install man-db and groff-base")
        for page in (MAN_PAGE, KEYS_PAGE):
            formatted = subprocess.run(["man", "--warnings=w", "-l", page], capture_output=True, text=True, timeout=60,
                                       check=True, env=os.environ | {"LC_ALL": "C.UTF-8", "MANWIDTH": "100"})
            self.assertEqual(formatted.stderr, "")


class LogLines(unittest.TestCase):
    CODE = source("base", "net", "daemon")
    LITERALS = set(re.findall(r'"(\w+)"', CODE))
    CALLS = re.findall(r"\b(?:record|say|summarise|complain)\(([^()]*)\)", CODE)
    EVENTS = set(re.findall(r'"(\w+)"', "\n".join(CALLS)))

    def lines(self):
        found = [(block.place, line) for block in all_blocks("json") for line in block.text.splitlines()]
        self.assertGreater(len(found), 10)
        return found

    def test_each_is_json_and_has_an_event_and_fields_that_the_source_writes(self):
        for place, line in self.lines():
            with self.subTest(place):
                record = json.loads(line)
                self.assertEqual(list(record)[:3], ["time", "level", "event"])
                self.assertIn(record["event"], self.EVENTS)
                self.assertEqual(set(record) - self.LITERALS, set())

    def test_a_session_line_has_the_fields_of_the_source_in_its_order(self):
        written = re.search(r'"session"\);(.*?)return record', source("net"), flags=re.S)
        fields = re.findall(r'\.add(?:_seconds)?\("(\w+)"', written[1])
        self.assertGreater(len(fields), 10)
        # Absent where there is nothing to say.
        optional = set(re.findall(r'if \(.*\) record\.add\("(\w+)"', written[1]))
        self.assertNotEqual(optional, set())
        sessions = [json.loads(line) for _, line in self.lines() if json.loads(line)["event"] == "session"]
        self.assertNotEqual(sessions, [])
        for session in sessions:
            shown = [field for field in fields if field in session or field not in optional]
            self.assertEqual(list(session)[3:], shown)
        self.assertTrue(any(optional <= set(session) for session in sessions))

    def test_every_event_and_field_of_the_source_is_explained(self):
        self.assertIn("ready", self.EVENTS)
        manual = (SOURCES / "docs/manual.md").read_text(encoding="utf-8")
        # `lines` are those of a request to an authentication service.
        fields = set(re.findall(r'(?<!\blines)\.add(?:_seconds)?\("(\w+)"', self.CODE)) - {"session"}
        shown = re.findall(r'"(\w+)":', manual) + re.findall(r'"event":"(\w+)"', manual)
        words = set(code_spans(SOURCES / "docs/manual.md")).union(shown)
        self.assertEqual(sorted(self.EVENTS - words), [])
        self.assertEqual(sorted(fields - words), [])


class Reasons(unittest.TestCase):
    ROWS = re.findall(r'\{Reason::(\w+), "(\w+)", (\d+), (\d+)\}', source("base"))
    PAGE = SOURCES / "docs/troubleshooting.md"

    def table(self):
        """Word, status, code (0 for a dash) and the other cells of each reason on the page."""
        for head, rows in tables(self.PAGE):
            if head[:3] == ["reason", "status", "close code"]:
                for word, status, code, *rest in rows:
                    yield word.strip("`"), int(status.replace("–", "0")), int(code.replace("–", "0")), rest

    def test_the_table_of_the_page_is_the_table_of_the_source(self):
        self.assertGreater(len(self.ROWS), 40)
        page = [(word, status, code) for word, status, code, _ in self.table()]
        self.assertEqual(sorted(page), sorted((word, int(status), int(code)) for _, word, status, code in self.ROWS))

    def test_each_says_what_it_means(self):
        for word, _, _, rest in self.table():
            self.assertTrue(all(rest), word)

    def test_each_is_produced_somewhere(self):
        producers = source("ws", "auth", "policy", "net", "daemon")
        unused = [word for word, *_ in self.ROWS if not re.search(rf"\bReason::{word}\b", producers)]
        self.assertEqual(unused, [])


class Names(unittest.TestCase):
    PAGES = [file for file in SOURCES.rglob("*.md") if not {"build", ".git"} & set(file.relative_to(SOURCES).parts)]

    def test_every_relative_link_leads_somewhere(self):
        for file in self.PAGES:
            for link in re.findall(r"\]\(([^)\s]+)\)", without_blocks(file)):
                if re.match(r"[a-z]+:", link):
                    continue
                path, _, anchor = link.partition("#")
                target = file.parent / path if path else file
                with self.subTest(f"{file.relative_to(SOURCES)}: {link}"):
                    self.assertTrue(target.exists())
                    if anchor:
                        titles = re.findall(r"^#+ +(.*)$", without_blocks(target), flags=re.M)
                        slugs = [re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles]
                        self.assertIn(anchor, slugs)

    def test_every_command_of_dev_exists(self):
        dev = (SOURCES / "dev").read_text(encoding="utf-8")
        known = re.findall(r"^  ([a-z]+)(?: \|[^)]*)?\)", dev[dev.index("\ncase $command in"):], flags=re.M)
        self.assertIn("demo", known)
        for file in self.PAGES:
            for command in re.findall(r"\./dev ([a-z]+)", file.read_text(encoding="utf-8")):
                with self.subTest(f"{file.relative_to(SOURCES)}: ./dev {command}"):
                    self.assertIn(command, known)

    def test_every_command_that_is_shown_exists(self):
        known = commands(DRAWBRIDGE)[0].commands
        self.assertIn("serve", known)
        for file in MANUALS:
            shell = "".join(block.text for block in blocks(file) if block.language == "sh")
            for command in re.findall(r"\bdrawbridge ([a-z]+)", shell + "\n".join(code_spans(file))):
                with self.subTest(f"{file.relative_to(SOURCES)}: drawbridge {command}"):
                    self.assertIn(command, known)

    # Of scripts, and of tokens.
    OTHERS = {"event.code", "event.reason", "location.origin", "socket.protocol", "realm_access.roles"}

    def test_every_key_in_the_text_stands_in_the_reference(self):
        known = reference_keys()
        self.assertIn(("routes", "limits", "frame"), known)
        ends = {path[start:] for path in known for start in range(len(path))}
        asked = 0
        for file in MANUALS:
            for span in code_spans(file):
                # limits.sessions, routes[].limits.sessions, `rejection: close`; not drawbridge.yaml
                key = re.fullmatch(r"((?:[a-z_]+(?:\[\])?\.)*[a-z_]+)(: .*)?", span)
                if not key or not ("." in key[1] or key[2]) or span in self.OTHERS:
                    continue
                if re.search(r"\.(yaml|service|socket|html|js|md|pem|org|so)$", span):
                    continue
                asked += 1
                with self.subTest(f"{file.relative_to(SOURCES)}: {span}"):
                    self.assertIn(tuple(key[1].replace("[]", "").split(".")), ends)
        self.assertGreater(asked, 20)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)

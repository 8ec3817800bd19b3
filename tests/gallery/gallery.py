"""What the tests of examples/ have in common: a copy of an example on free ports, the services and the bridge as the commands of
its README start them, and a Chromium.
"""

import re
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

from selenium.common.exceptions import TimeoutException

sys.path.insert(1, str(Path(__file__).resolve().parents[1] / "e2e"))

from chromium import Chromium
from docs_test import blocks

SOURCES, DRAWBRIDGE, BUILD = (Path(argument).resolve() for argument in sys.argv[1:4])
EXAMPLES = SOURCES / "examples"
PATIENCE = 30  # seconds
CONFIGURATIONS = (".yaml", ".conf")


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class Process:
    """A program that says `ready` once it can be used; what else it says is kept in `said`."""

    def __init__(self, command, ready, directory):
        self.command, self.ready, self.directory = command, ready, directory
        self.start()

    def start(self):
        self.said = []
        self.process = subprocess.Popen(self.command, cwd=self.directory, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True, errors="replace")
        for line in self.process.stdout:
            self.said.append(line)
            if self.ready in line:
                break
        else:
            raise AssertionError(f"{self.command} is not ready:\n{''.join(self.said)}")
        self.reader = threading.Thread(target=self.said.extend, args=(self.process.stdout,), daemon=True)
        self.reader.start()

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        finally:
            self.process.kill()
            self.reader.join()
            self.process.stdout.close()


class Entry(unittest.TestCase):
    """An example of the gallery. NAME is its folder; PORTS are those of its service in the example's files and commands:
    `self.ports` has the free ones that take their places. PACKAGES are the folders of build/examples/node_modules that it serves.
    """

    NAME = ""
    PORTS = ()
    PACKAGES = ()

    @classmethod
    def setUpClass(cls):
        cls.folder = EXAMPLES / cls.NAME
        cls.directory = Path(tempfile.mkdtemp(prefix=f"drawbridge-{cls.NAME}-"))
        cls.addClassCleanup(shutil.rmtree, cls.directory)
        cls.directory.chmod(0o755)  # services that root starts become somebody else
        cls.ports = {port: free_port() for port in (8080, *cls.PORTS)}
        packages = [f"build/examples/node_modules/{package}" for package in cls.PACKAGES]
        if missing := [package for package in packages if not (SOURCES / package).is_dir()]:
            raise unittest.SkipTest(f"no {', '.join(missing)}; ./dev test installs it")
        for folder in (f"examples/{cls.NAME}", "examples/shared", "client", *packages):
            shutil.copytree(SOURCES / folder, cls.directory / folder)
        for file in (cls.directory / "examples" / cls.NAME).iterdir():
            if file.suffix in CONFIGURATIONS:
                file.write_text(cls.moved(file.read_text(encoding="utf-8")), encoding="utf-8")
        written = cls.file("drawbridge.yaml").read_text(encoding="utf-8")
        assert written.count(str(cls.ports[8080])) == 2 and all(str(free) in written for free in cls.ports.values()), written
        cls.prepare()
        cls.bridge = cls.run_command("drawbridge serve", '"event":"ready"')
        # Chromium's profile is not bound to live longer than a class.
        cls.browser = Chromium(names=["localhost"])
        cls.addClassCleanup(cls.browser.close)
        cls.url = f"http://localhost:{cls.ports[8080]}/"

    @classmethod
    def prepare(cls):
        """What is to be there before the bridge starts."""

    def setUp(self):
        self.browser.console()

    @classmethod
    def file(cls, name):
        """Of the copy."""
        return cls.directory / "examples" / cls.NAME / name

    @classmethod
    def moved(cls, text):
        """On the free ports."""
        for port, free in cls.ports.items():
            text = re.sub(rf"\b{port}\b", str(free), text)
        return text

    @classmethod
    def commands(cls):
        """All of the README."""
        lines = [line for block in blocks(cls.folder / "README.md") if block.language == "sh"
                 for line in block.text.replace("\\\n", " ").splitlines()]
        return [line for line in lines if line and not line.startswith("#")]

    @classmethod
    def run_command(cls, beginning, ready):
        """Starts that command of the README, until the end of the class."""
        command, = [line for line in cls.commands() if line.startswith(beginning)]
        words = shlex.split(cls.moved(command), comments=True)
        if words[0] == "drawbridge":
            words[0] = DRAWBRIDGE
        process = Process(words, ready, cls.directory)
        cls.addClassCleanup(lambda: process.process.poll() is None and process.stop())
        return process

    # --- Of the page

    def wait(self, true, what):
        return self.browser.wait(true, what)

    def status(self):
        return self.browser.texts("#status")[0]

    def wait_for_status(self, pattern):
        try:
            self.wait(lambda: re.search(pattern, self.status()), f"the status {pattern}")
        except TimeoutException as error:
            raise AssertionError(f"the status is {self.status()}, not {pattern}; the console: {self.browser.console()}") from error

    def open(self):
        self.browser.open(self.url)
        self.wait_for_status("^connected")

    def assert_survives_a_restart(self, service, ended="backend_closed|backend_reset"):
        """The page says why it is without the service, and comes back."""
        self.open()
        service.stop()
        self.wait_for_status(rf"({ended}) \(\d+\), again in \d+ s")
        self.wait_for_status(r"backend_refused \(4502\), again in \d+ s")
        service.start()
        self.wait_for_status("^connected")

    def assert_fits(self, name=None):
        """On a desk and in a hand, by day and by night. Pictures land in build/PRESET/screenshots."""
        pictures = BUILD / "screenshots"
        for suffix, width, height, scheme in [("", 1280, 800, "light"), ("-dark", 1280, 800, "dark"),
                                              ("-phone", 360, 740, "light"), ("-phone-dark", 360, 740, "dark")]:
            self.browser.prefer(prefers_color_scheme=scheme)
            self.browser.resize(width, height, mobile=width < 500)
            self.settle()
            self.browser.screenshot(pictures / f"gallery-{name or self.NAME}{suffix}.png")
            wide = self.browser.run("return [innerWidth, document.documentElement.scrollWidth]")
            self.assertEqual(wide, [width, width], suffix)
        self.browser.prefer()
        self.browser.resize(1280, 800)

    def settle(self):
        """Two frames, so that what follows a resize is drawn."""
        self.browser.run_async("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def assert_everything_has_a_name(self):
        usable = {"button", "textbox", "searchbox", "combobox", "listbox", "region", "log"}
        told = self.browser.accessibility()
        self.assertEqual([role for role, name in told if role in usable and not name.strip()], [])

    # --- What is the same for each

    def test_the_page_has_nothing_to_complain_of(self):
        self.browser.console()
        self.open()
        self.settle()
        self.assertEqual(self.browser.console(), [])
        self.assert_everything_has_a_name()

    def test_the_readme_shows_the_files_as_they_are(self):
        shown = [block.text for block in blocks(self.folder / "README.md") if block.language in ("yaml", "conf")]
        files = {file.name: file.read_text(encoding="utf-8") for file in self.folder.iterdir() if file.suffix in CONFIGURATIONS}
        self.assertIn(files["drawbridge.yaml"], shown)
        for text in shown:
            self.assertTrue(any(text in content for content in files.values()), f"none of the files has this:\n{text}")
        self.assertIn(f"({self.NAME}/README.md)", (EXAMPLES / "README.md").read_text(encoding="utf-8"))

    def test_the_bridge_has_nothing_to_warn_of(self):
        checked = subprocess.run([DRAWBRIDGE, "check", "-c", self.file("drawbridge.yaml")], capture_output=True, text=True,
                                 timeout=PATIENCE, check=False)
        complaints = [line for line in checked.stderr.splitlines() if "descriptors" not in line]
        self.assertEqual((checked.returncode, complaints), (0, []))


def wait_until(true, what):
    """For what no event tells."""
    deadline = time.monotonic() + PATIENCE
    while not (found := true()):
        if time.monotonic() > deadline:
            raise AssertionError(f"in vain: {what}")
        time.sleep(0.02)
    return found


def main():
    result = unittest.main(module="__main__", argv=sys.argv[:1], verbosity=1, exit=False).result
    # 77: ctest says that it was skipped.
    sys.exit(77 if result.skipped and result.wasSuccessful() else not result.wasSuccessful())

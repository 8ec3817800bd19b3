"""A real bash completes what the program says of itself. Usage: completion_test.py SOURCES DRAWBRIDGE"""

import os
import pty
import select
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

from command_line import commands

SOURCES, DRAWBRIDGE = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
PATIENCE = 60  # seconds; only a failing test takes them

# Stands for the program on the command line, and writes the words that it was called with.
STAND_IN = """#!/bin/bash
[[ ${!#} != --help ]] || exec %s "$@"
printf '%%s\\0' "$@" >words.new
mv words.new words
"""


class Shell:
    """An interactive bash in a terminal and a directory of its own."""

    def __init__(self, directory):
        self.directory = directory
        program = directory / "bin" / "drawbridge"
        program.parent.mkdir()
        program.write_text(STAND_IN % shlex.quote(str(DRAWBRIDGE)), encoding="utf-8")
        program.chmod(0o755)
        script = shlex.quote(str(SOURCES / "completions/drawbridge"))
        # A key that puts all completions into the line.
        (directory / "rc").write_text(f"source {script}\nbind '\"\\C-o\": insert-completions'\n", encoding="utf-8")
        self.terminal, end = pty.openpty()
        environment = {"PATH": f"{program.parent}:{os.environ['PATH']}", "TERM": "dumb", "HOME": str(directory)}
        self.process = subprocess.Popen(
            ["bash", "--noprofile", "--rcfile", directory / "rc", "-i"], cwd=directory, env=environment, stdin=end,
            stdout=end, stderr=end, start_new_session=True)
        os.close(end)

    def words(self, typed):
        """What the program is called with when the line is typed, all completions are inserted, and Enter is pressed."""
        answer = self.directory / "words"
        answer.unlink(missing_ok=True)
        os.write(self.terminal, f"drawbridge {typed}\x0f\n".encode())
        seen, deadline = b"", time.monotonic() + PATIENCE
        while not answer.exists():
            if time.monotonic() > deadline:
                raise AssertionError(f"no answer to {typed!r}; the terminal shows {seen!r}")
            # Its echo and its prompt wake us, and a full terminal would stop it.
            if select.select([self.terminal], [], [], 0.05)[0]:
                seen += os.read(self.terminal, 65536)
        return answer.read_text(encoding="utf-8").split("\0")[:-1]

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.terminal)


class Completion(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = Path(tempfile.mkdtemp(prefix="drawbridge-completion-"))
        cls.addClassCleanup(shutil.rmtree, cls.directory)
        cls.shell = Shell(cls.directory)
        cls.addClassCleanup(cls.shell.close)
        for name in ("some.yaml", "some file.pem"):
            (cls.directory / name).touch()
        (cls.directory / "somewhere").mkdir()
        cls.commands = commands(DRAWBRIDGE)

    def test_every_command(self):
        for words, below, _ in self.commands:
            if below:
                with self.subTest(words):
                    typed = "".join(word + " " for word in words)
                    self.assertEqual(sorted(self.shell.words(typed)), sorted([*words, *below]))
        self.assertEqual(self.shell.words("expl"), ["explain"])

    def test_every_option(self):
        for words, below, options in self.commands:
            with self.subTest(words):
                typed = "".join(word + " " for word in words)
                self.assertEqual(sorted(self.shell.words(typed + "-")), sorted([*words, *options]))
                if not below:
                    self.assertEqual(sorted(self.shell.words(typed)), sorted([*words, *options]))
        self.assertEqual(self.shell.words("explain --orig"), ["explain", "--origin"])

    def test_file_names_where_an_option_takes_a_file_and_only_there(self):
        files = ["some file.pem", "some.yaml", "somewhere"]
        kinds = set()
        for words, _, options in self.commands:
            for option, kind in options.items():
                kinds.add(kind)
                if not kind:
                    continue
                with self.subTest([*words, option]):
                    completed = self.shell.words(" ".join([*words, option, "some"]))[len(words) + 1:]
                    expected = files if kind == "FILE" else ["some"]
                    self.assertEqual(sorted(name.rstrip("/") for name in completed), expected)
        self.assertLessEqual({"", "FILE", "TEXT"}, kinds)
        self.assertEqual(self.shell.words("check --config=some."), ["check", "--config=some.yaml"])

    def test_options_after_values_that_look_like_commands(self):
        self.assertEqual(self.shell.words("explain --origin check --ur"), ["explain", "--origin", "check", "--url"])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)

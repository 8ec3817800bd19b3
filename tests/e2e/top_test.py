"""`drawbridge ctl top` on a real terminal. Usage: top_test.py SOURCES DRAWBRIDGE"""

import fcntl
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest
from pathlib import Path

DRAWBRIDGE = Path(sys.argv[2]).resolve()
PATIENCE = 30  # seconds
ENTER, LEAVE = b"\x1b[?1049h\x1b[?25l", b"\x1b[?25h\x1b[?1049l"
FRAME = b"\x1b[H"
CONFIGURATION = """
listeners: [ { bind: "127.0.0.1:0" } ]
routes:
  - { name: echo, path: /echo, origins: [ "https://app.example.org" ], backend: "echo:" }
admin: [ { bind: "unix:admin.sock" } ]
"""


class Daemon:
    def __init__(self):
        self.directory = Path(tempfile.mkdtemp(prefix="drawbridge-top-"))
        self.socket = self.directory / "admin.sock"
        (self.directory / "drawbridge.yaml").write_text(CONFIGURATION, encoding="utf-8")
        self.process = subprocess.Popen([DRAWBRIDGE, "serve", "-c", "drawbridge.yaml"], cwd=self.directory,
                                        stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if '"event":"ready"' in line:
                return
        raise AssertionError("the daemon is not ready")

    def ctl(self, *words):
        subprocess.run([DRAWBRIDGE, "ctl", "--socket", self.socket, *words], check=True, timeout=PATIENCE)

    def kill(self):
        self.process.kill()
        self.process.wait(PATIENCE)

    def close(self):
        self.kill()
        self.process.stderr.close()
        shutil.rmtree(self.directory)


class Terminal:
    """A terminal with `ctl top` in its foreground."""

    def __init__(self, daemon, rows=24, columns=80, **environment):
        self.ours, self.theirs = pty.openpty()
        self.resize(rows, columns)
        self.settings = termios.tcgetattr(self.theirs)
        self.seen = b""
        self.process = subprocess.Popen(
            [DRAWBRIDGE, "ctl", "--socket", daemon.socket, "top", "--interval", "100ms"],
            stdin=self.theirs, stdout=self.theirs, stderr=self.theirs, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
            env={"TERM": "xterm", "PATH": os.environ["PATH"]} | environment)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait(PATIENCE)
        os.close(self.ours)
        os.close(self.theirs)

    def resize(self, rows, columns):
        fcntl.ioctl(self.ours, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read_some(self, seconds):
        if not select.select([self.ours], [], [], seconds)[0]:
            return False
        self.seen += os.read(self.ours, 65536)
        return True

    def read_until(self, true, what):
        deadline = time.monotonic() + PATIENCE
        while not true():
            if time.monotonic() > deadline:
                raise AssertionError(f"in vain: {what}; it showed {self.seen!r}")
            self.read_some(0.1)

    def frames(self):
        """Those that are whole: another one follows."""
        return self.seen.split(FRAME)[1:-1]

    def wait_for(self, text):
        self.read_until(lambda: any(text in frame for frame in self.frames()), text)

    def wait_for_end(self):
        self.read_until(lambda: self.process.poll() is not None, "it ends")
        while self.read_some(0):
            pass
        return self.process.returncode


def text_lines(frame):
    return [re.sub(rb"\x1b\[[0-9?]*[A-Za-z]", b"", line).rstrip(b"\r") for line in frame.split(b"\n")]


class Top(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon()
        self.addCleanup(self.daemon.close)

    def check_restored(self, terminal):
        self.assertEqual(terminal.seen.count(ENTER), 1)
        self.assertEqual(terminal.seen.count(LEAVE), 1)
        self.assertEqual(termios.tcgetattr(terminal.theirs), terminal.settings)

    def test_it_draws_again_and_again_until_q(self):
        with Terminal(self.daemon) as terminal:
            terminal.wait_for(b"opened 0/s")
            self.assertTrue(terminal.seen.startswith(ENTER))
            self.assertIn(b"drawbridge ", text_lines(terminal.frames()[-1])[0])
            # Keys are not echoed, and others than q are nothing.
            os.write(terminal.ours, b"x\x1b[A\x1a")
            frames = len(terminal.frames())
            terminal.read_until(lambda: len(terminal.frames()) > frames + 2, "it goes on")
            os.write(terminal.ours, b"q")
            self.assertEqual(terminal.wait_for_end(), 0)
            self.assertTrue(terminal.seen.endswith(LEAVE))
            self.check_restored(terminal)

    def test_it_can_be_left_in_every_way(self):
        for name, leave, code in [
                ("Ctrl-C", lambda terminal: os.write(terminal.ours, b"\x03"), 0),
                ("SIGTERM", lambda terminal: terminal.process.send_signal(signal.SIGTERM), 128 + signal.SIGTERM),
                ("SIGHUP", lambda terminal: terminal.process.send_signal(signal.SIGHUP), 128 + signal.SIGHUP)]:
            with self.subTest(name), Terminal(self.daemon) as terminal:
                terminal.wait_for(b"drawbridge ")
                leave(terminal)
                self.assertEqual(terminal.wait_for_end(), code)
                self.check_restored(terminal)

    def test_it_ends_with_the_daemon_and_says_so_where_it_can_be_read(self):
        with Terminal(self.daemon) as terminal:
            terminal.wait_for(b"drawbridge ")
            self.daemon.kill()
            self.assertEqual(terminal.wait_for_end(), 1)
            self.check_restored(terminal)
            self.assertRegex(terminal.seen.split(LEAVE)[1], rb"^drawbridge: (cannot reach|the daemon at) .*admin\.sock")

    def test_it_keeps_to_the_window_and_follows_its_size(self):
        with Terminal(self.daemon, rows=6, columns=30) as terminal:
            terminal.wait_for(b"ROUTE")
            lines = text_lines(terminal.frames()[-1])
            self.assertEqual((len(lines), max(map(len, lines))), (6, 30))
            terminal.resize(40, 120)
            terminal.wait_for(b"echo:")

    def test_colours_only_where_they_are_wanted(self):
        self.daemon.ctl("drain", "--route", "echo")
        for environment, coloured in [({}, True), ({"NO_COLOR": ""}, True), ({"NO_COLOR": "1"}, False)]:
            with self.subTest(environment), Terminal(self.daemon, columns=120, **environment) as terminal:
                terminal.wait_for(b"(draining)")
                self.assertEqual(b"\x1b[33m" in terminal.seen, coloured)

    def test_a_terminal_that_cannot_be_drawn_on_gets_text(self):
        with Terminal(self.daemon, TERM="dumb") as terminal:
            self.assertEqual(terminal.wait_for_end(), 0)
            self.assertNotIn(b"\x1b", terminal.seen)
            self.assertIn(b"opened 0/s", terminal.seen)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)

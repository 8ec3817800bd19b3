"""Follows docs/operations.md on a fresh Debian. Usage: runbook_test.py SOURCES DIRECTORY_OF_THE_DEB DIRECTORY_TO_KEEP

Commands are typed in the order of the page, files are written where it says, and what it shows must come. Not real are
the authority behind certbot, which no test reaches, and the page in a browser, which is a client of this test."""

import asyncio
import re
import shutil
import socketserver
import ssl
import sys
import threading
import unittest
from pathlib import Path
from typing import NamedTuple

try:
    import websockets
except ImportError:
    websockets = None  # run_tests says so

from container import PATIENCE, Container, base_tree, needed_packages, run_tests

SOURCES, DEBS, KEPT = (Path(argument).resolve() for argument in sys.argv[1:4])
PAGE = SOURCES / "docs/operations.md"
NAME = "bridge.example.org"
ORIGIN = "https://app.example.org"

# Makes what certbot would, and calls the hooks as it does; the authority is trusted by curl alone.
CERTBOT = f"""#!/bin/sh
set -eu
lineage=/etc/letsencrypt/live/{NAME}
mkdir -p "$lineage" /etc/letsencrypt/renewal-hooks/deploy
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90 -subj /CN={NAME} \\
  -addext subjectAltName=DNS:{NAME} -keyout "$lineage/privkey.pem" -out "$lineage/fullchain.pem" 2>/dev/null
chmod 600 "$lineage/privkey.pem"
for hook in /etc/letsencrypt/renewal-hooks/deploy/*; do
  [ ! -x "$hook" ] || RENEWED_LINEAGE=$lineage "$hook"
done
"""


class Step(NamedTuple):
    line: int
    language: str
    text: str
    file: str  # what the text before it says where to write it; empty for commands


def steps():
    found, opened, before = [], None, ""
    for number, line in enumerate(PAGE.read_text(encoding="utf-8").splitlines(), 1):
        if opened is None and line.startswith("```"):
            opened, language, text = number, line[3:], ""
        elif opened is not None and line == "```":
            file = re.match(r"Into `(/[^`]+)`", before)
            found.append(Step(opened, language, text, file[1] if file else ""))
            opened, before = None, ""
        elif opened is not None:
            text += line + "\n"
        elif line:
            before = line
    return found


def comes(shown, said):
    """Whether the lines that are shown come in that order; an ellipsis is anything."""
    lines = iter(said.splitlines())
    for line in shown.splitlines():
        form = ".*".join(re.escape(part) for part in line.split("…"))
        if line != "…" and not any(re.fullmatch(form, one) for one in lines):
            return False
    return True


class Echo(socketserver.ThreadingTCPServer):
    allow_reuse_address, daemon_threads = True, True

    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            while data := self.request.recv(65536):
                self.request.sendall(data)


class Browser:
    """A session that says something again and again, while it is open."""

    def __init__(self, certificate):
        self.certificate, self.open, self.wanted = certificate, threading.Event(), threading.Event()
        self.thread = threading.Thread(target=lambda: asyncio.run(self.talk()), daemon=True)
        self.thread.start()
        if not self.open.wait(PATIENCE):
            raise AssertionError("no session")

    async def talk(self):
        trusting = ssl.create_default_context(cadata=self.certificate)
        async with websockets.connect(f"wss://{NAME}/desk", host="127.0.0.1", ssl=trusting, server_hostname=NAME,
                                      origin=ORIGIN) as session:
            while not self.wanted.is_set():
                await session.send(b"hello")
                await session.recv()
                self.open.set()
                await asyncio.sleep(0.1)

    def close(self):
        self.wanted.set()
        self.thread.join(PATIENCE)


class Runbook(unittest.TestCase):
    def test_it_can_be_followed_from_the_first_line_to_the_last(self):
        (deb,) = DEBS.glob("*.deb")
        machine = Container(KEPT, base_tree(KEPT, needed_packages(deb)))
        shutil.copy(deb, machine.root / "root")
        certbot = machine.root / "usr/local/bin/certbot"
        certbot.write_text(CERTBOT, encoding="utf-8")
        certbot.chmod(0o755)
        (machine.root / "root/.curlrc").write_text(f"cacert = /etc/letsencrypt/live/{NAME}/fullchain.pem\n", encoding="utf-8")
        machine.boot()
        self.addCleanup(machine.power_off)
        with (machine.root / "etc/hosts").open("a", encoding="utf-8") as hosts:
            hosts.write(f"127.0.0.1 localhost {NAME} {machine.run('hostname').stdout}")
        service = Echo(("127.0.0.1", 5900), Echo.Handler)
        threading.Thread(target=service.serve_forever, daemon=True).start()
        self.addCleanup(service.server_close)
        self.addCleanup(service.shutdown)

        all_steps = steps()
        self.assertGreater(len(all_steps), 30)
        said = ""
        for step in all_steps:
            where = f"{PAGE.name}:{step.line}"
            if step.file:
                file = machine.root / step.file.lstrip("/")
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(step.text, encoding="utf-8")
            elif step.language == "sh":
                browser = None
                if "ctl trace" in step.text:
                    lineage = machine.root / f"etc/letsencrypt/live/{NAME}"
                    browser = Browser((lineage / "fullchain.pem").read_text(encoding="utf-8"))
                typed = machine.run("env", "HOME=/root", "bash", "-ec", "cd /root\n" + step.text, check=False)
                if browser:
                    browser.close()
                said = typed.stdout + typed.stderr
                if typed.returncode != 0:
                    journal = machine.run("journalctl", "-n", "20", "--no-pager", check=False).stdout
                    self.fail(f"{where}: exit code {typed.returncode}\n{step.text}{said}\n{journal}")
            else:
                self.assertEqual(step.language, "text", f"{where}: nobody knows what to do with it")
                self.assertTrue(comes(step.text, said), f"{where} shows\n{step.text}and what came is\n{said}")


if __name__ == "__main__":
    run_tests(DEBS)

"""What the tests of examples/demo stand on: its services with the real daemon before them, and others who cross it."""

import asyncio
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import websockets

PATIENCE = 30  # seconds
LINKS = ["chat", "ticker", "arena", "shell"]


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class Demo:
    """The services and the bridge before them, with the configuration of `./dev demo`."""

    def __init__(self, sources, drawbridge):
        self.drawbridge = drawbridge
        demo = sources / "examples/demo"
        self.directory = Path(tempfile.mkdtemp(prefix="drawbridge-demo-"))
        self.services = subprocess.Popen([sys.executable, "-B", demo / "services"], stdout=subprocess.PIPE, text=True)
        words = {name.upper(): port for name, port in (self.services.stdout.readline().split() for _ in LINKS)}
        port = free_port()
        self.url = f"https://127.0.0.1:{port}"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out",
                        "certificate.pem"], cwd=self.directory, check=True, capture_output=True, timeout=PATIENCE)
        (self.directory / "key.pem").chmod(0o600)
        words |= {"BIND": f"127.0.0.1:{port}", "ORIGINS": f'"{self.url}"', "SOURCES": str(sources)}
        text = (demo / "drawbridge.yaml").read_text(encoding="utf-8")
        for word, value in words.items():
            text = text.replace(f"@{word}@", value)
        (self.directory / "drawbridge.yaml").write_text(text, encoding="utf-8")
        self.start_bridge()

    def start_bridge(self):
        self.bridge = subprocess.Popen([self.drawbridge, "serve", "-c", "drawbridge.yaml"], cwd=self.directory,
                                       stderr=subprocess.PIPE, text=True)
        for line in self.bridge.stderr:
            if '"event":"ready"' in line:
                break
        else:
            raise AssertionError("the daemon is not ready")
        # Nobody reads the log, and a full pipe costs lines, not sessions.

    def kill_bridge(self):
        self.bridge.kill()
        self.bridge.wait(PATIENCE)
        self.bridge.stderr.close()

    def close(self):
        self.kill_bridge()
        self.services.terminate()
        self.services.wait(PATIENCE)
        self.services.stdout.close()
        shutil.rmtree(self.directory)


class Crowd:
    """Others who cross the bridge, with a WebSocket each."""

    def __init__(self, demo):
        self.demo = demo
        self.tls = ssl.create_default_context(cafile=demo.directory / "certificate.pem")
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        self.all = []

    def do(self, coroutine):
        return asyncio.run_coroutine_threadsafe(asyncio.wait_for(coroutine, PATIENCE), self.loop).result(2 * PATIENCE)

    def come(self, path, *first):
        async def connect():
            socket_ = await websockets.connect(self.demo.url.replace("https", "wss") + path, ssl=self.tls, origin=self.demo.url,
                                              max_queue=None)  # whoever does not listen can still leave
            one = Lines(socket_)
            await one.send(*first)
            return one

        self.all.append(self.do(connect()))
        return self.all[-1]

    def say(self, one, *lines):
        self.do(one.send(*lines))

    def hear(self, one, start):
        return self.do(one.until(start))

    def leave(self):
        for one in self.all:
            self.do(one.socket.close())
        self.all.clear()

    def close(self):
        self.leave()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(PATIENCE)
        self.loop.close()


class Lines:
    def __init__(self, socket_):
        self.socket = socket_
        self.rest = ""

    async def send(self, *lines):
        for line in lines:
            await self.socket.send(f"{line}\n")

    async def line(self):
        while "\n" not in self.rest:
            self.rest += await self.socket.recv()
        line, _, self.rest = self.rest.partition("\n")
        return line

    async def until(self, start):
        while not (line := await self.line()).startswith(start):
            pass
        return line

    async def look(self):
        """The next period of the arena, and who is where."""
        _, period, *numbers = map(int, (await self.until("at ")).replace("at", "0", 1).split())
        return period, dict(zip(numbers[::3], zip(numbers[1::3], numbers[2::3])))

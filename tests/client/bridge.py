"""The real daemon for tests of client/drawbridge.js, services of every temper behind it, and a web server for the pages
and for what a scenario asks of the operator (POST /control/…).
"""

import hashlib
import http.server
import json
import queue
import shutil
import socket
import socketserver
import struct
import subprocess
import sys
import tempfile
import threading
from collections import defaultdict
from pathlib import Path

PATIENCE = 30  # seconds
TYPES = {".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript", ".css": "text/css"}
TOKENS = {"alice": "the-night-shift-laptop-0123456789", "old": "last-years-laptop-0123456789abcde"}


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class Service(socketserver.ThreadingTCPServer):
    """`serve` gets each connection."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, serve, port=0):
        self.serve = serve
        super().__init__(("127.0.0.1", port), None)
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def finish_request(self, request, client_address):
        try:
            self.serve(request)
        except OSError:
            pass  # a browser that goes away is no failure here; its scenario says what is


def echo(connection):
    while received := connection.recv(65536):
        connection.sendall(received)


def say_goodbye(connection):
    connection.sendall(b"bye")


def flood(connection):
    connection.sendall(bytes(8 << 20))
    connection.recv(1)


def reset(connection):
    connection.recv(1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def speak_in_halves(connection):
    """Of an umlaut, the second once something has come."""
    connection.sendall("grü".encode()[:-1])
    connection.recv(1)
    connection.sendall("ü".encode()[1:] + "ße".encode())
    connection.recv(1)


class Web(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        pass  # a browser that ends before it has its answers


class Sink:
    """Reads nothing until it is released."""

    def __init__(self):
        self.released = threading.Event()
        self.sunk = queue.Queue()

    def __call__(self, connection):
        self.released.wait(PATIENCE)
        size, digest = 0, hashlib.sha256()
        while received := connection.recv(65536):
            size += len(received)
            digest.update(received)
        self.sunk.put({"size": size, "sha256": digest.hexdigest()})


class Bridge:
    def __init__(self, sources, drawbridge):
        self.sources, self.drawbridge = sources, drawbridge
        self.directory = Path(tempfile.mkdtemp(prefix="drawbridge-client-"))
        self.port, self.late_port = free_port(), free_port()
        self.sink = Sink()
        serves = {"bye": say_goodbye, "flood": flood, "reset": reset, "halves": speak_in_halves, "sink": self.sink}
        self.services = {name: Service(serve) for name, serve in serves.items()}
        self.ended = defaultdict(queue.Queue)  # by route: lines of the log
        self.told = queue.Queue()  # what pages have to say at their end
        self.web = Web(("127.0.0.1", 0), self.handler())
        threading.Thread(target=self.web.serve_forever, args=(0.05,), daemon=True).start()
        self.origin = f"http://127.0.0.1:{self.web.server_address[1]}"
        self.configure()
        self.start()

    def configure(self):
        digests = {name: hashlib.sha256(token.encode()).hexdigest() for name, token in TOKENS.items()}
        (self.directory / "tokens").write_text(
            f"sha256:{digests['alice']} alice\nsha256:{digests['old']} alice expires=2020-01-01T00:00:00Z\n", encoding="utf-8")
        (self.directory / "tokens").chmod(0o600)
        at = {name: f"tcp://127.0.0.1:{service.port}" for name, service in self.services.items()}
        late = f"tcp://127.0.0.1:{self.late_port}"
        tokens = "auth: [ { tokens: { file: tokens } } ]"
        routes = [("echo", "echo:", ""), ("drained", "echo:", "rejection: close"), ("killed", "echo:", ""), ("left", "echo:", ""),
                  ("text", "echo:", "message_type: text, accepts: text"), ("chosen", "echo:", "subprotocols: [ binary ]"),
                  ("guarded", "echo:", f"rejection: close, {tokens}"),
                  ("quota", "echo:", f"rejection: close, quotas: {{ sessions: 1 }}, {tokens}"),
                  ("full", "echo:", "rejection: close, limits: { sessions: 1 }"),
                  ("late", late, "rejection: close"), ("down", late, ""),
                  *((name, backend, "") for name, backend in at.items())]
        allowed = f'allow_missing_origin: true, origins: [ "{self.origin}" ]'
        (self.directory / "drawbridge.yaml").write_text(
            f"listeners: [ {{ bind: 127.0.0.1:{self.port} }} ]\nadmin: [ {{ bind: unix:admin.sock }} ]\n"
            "routes:\n"
            '  - { name: foreign, path: /foreign, origins: [ "https://elsewhere.example" ], backend: "echo:" }\n'
            + "".join(f'  - {{ name: {name}, path: /{name}, {allowed}, backend: "{backend}"{more and ", " + more} }}\n'
                      for name, backend, more in routes), encoding="utf-8")

    def start(self):
        self.process = subprocess.Popen([self.drawbridge, "serve", "-c", "drawbridge.yaml"], cwd=self.directory,
                                        stderr=subprocess.PIPE, text=True)
        self.reader = threading.Thread(target=self.read_log, args=(self.process.stderr,), daemon=True)
        self.reader.start()
        self.ctl("status")

    def stop(self):
        self.process.kill()
        self.process.wait(PATIENCE)
        self.reader.join()

    def read_log(self, stream):
        with stream:
            for line in stream:
                if line.startswith("{"):
                    record = json.loads(line)
                    if record["event"] == "session":
                        self.ended[record["route"]].put(record)
                else:
                    print(line, file=sys.stderr)  # no line of the log: why it does not start, or a sanitizer's

    def ctl(self, *words):
        """Once the daemon is there to be asked."""
        command = [self.drawbridge, "ctl", "--socket", self.directory / "admin.sock", *words]
        while True:
            ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
            if ran.returncode == 0:
                return ran.stdout
            if self.process.poll() is not None or words != ("status",):
                raise AssertionError(f"{words}: {ran.stderr}")

    def control(self, verb, route=None):
        if verb == "kill":
            for session in json.loads(self.ctl("sessions", "--route", route, "--json"))["sessions"]:
                self.ctl("kill", session["session"])
        elif verb == "drain":
            self.ctl("drain", "--route", route, "--over", "1ms", "--wait")
        elif verb == "resume":
            self.ctl("resume", "--route", route)
        elif verb == "listen":
            self.services["late"] = Service(echo, self.late_port)
        elif verb == "hush":
            service = self.services.pop("late")
            service.shutdown()
            service.server_close()
        elif verb == "crash":
            self.stop()
            self.start()
        elif verb == "hold":
            self.sink.released.clear()
        elif verb == "release":
            self.sink.released.set()
        elif verb == "ended":
            return self.ended[route].get(timeout=PATIENCE)
        elif verb == "sunk":
            return self.sink.sunk.get(timeout=PATIENCE)
        else:
            raise AssertionError(verb)
        return {}

    def handler(self):
        bridge = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self, status, content, kind):
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def do_GET(self):
                file = (bridge.sources / self.path.split("?")[0].lstrip("/")).resolve()
                if file.suffix in TYPES and bridge.sources in file.parents and file.is_file():
                    self.answer(200, file.read_bytes(), TYPES[file.suffix])
                else:
                    self.answer(404, b"", "text/plain")

            def do_POST(self):
                content = self.rfile.read(int(self.headers["Content-Length"]))
                _, kind, *words = self.path.split("/")
                if kind == "told":
                    bridge.told.put(json.loads(content))
                    self.answer(200, b"{}", "application/json")
                    return
                try:
                    self.answer(200, json.dumps(bridge.control(*words)).encode(), "application/json")
                except Exception as error:  # the scenario has to hear of it, whatever it is
                    self.answer(500, str(error).encode(), "text/plain")

            def log_message(self, *arguments):
                pass

        return Handler

    def close(self):
        self.stop()
        self.sink.released.set()
        for server in [self.web, *self.services.values()]:
            server.shutdown()
            server.server_close()
        shutil.rmtree(self.directory)

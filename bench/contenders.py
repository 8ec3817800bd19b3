"""What is measured: drawbridge, and what else could stand in its place. Each is started for one measurement."""

import json
import select
import signal
import socket
import subprocess
import time
from pathlib import Path

START_TIMEOUT = 10  # seconds until a contender listens


class Failed(Exception):
    """A contender did not start, or lost or changed a byte."""


class Contender:
    """`build` has the programs of this project, `work` takes configurations and has cert.pem and key.pem."""

    websocket = True

    def __init__(self, build, work):
        self.build = build
        self.work = work


class Drawbridge(Contender):
    name = "drawbridge"
    workers = 1

    def configuration(self, backend_port, routes=1):
        lines = [
            f"workers: {self.workers}",
            "limits: { sessions_per_client: 20000, handshakes_per_client: 1000000/s, handshake_burst: 1000000 }",
            "timeouts: { drain: 1s }",
            "listeners:",
            '  - bind: "127.0.0.1:0"',
            f"    tls: {{ certificates: [ {{ chain: {self.work}/cert.pem, key: {self.work}/key.pem }} ] }}",
            "routes:",
        ]
        for i in range(routes):
            path = "/bench" if i == 0 else f"/bench-{i}"
            lines.append(f"  - name: bench-{i}\n    path: {path}\n"
                         f'    origins: [ "https://bench.example" ]\n    backend: tcp://127.0.0.1:{backend_port}')
        return "\n".join(lines) + "\n"

    def start(self, backend_port, log):
        config = self.work / "drawbridge.yaml"
        config.write_text(self.configuration(backend_port))
        process = subprocess.Popen([self.build / "drawbridge", "serve", "-c", config], stderr=log, stdin=subprocess.DEVNULL)
        events = wait_for_event(process, Path(log.name), "ready")
        return process, int(events["listening"]["address"].rsplit(":", 1)[1])

    def seconds_to_ready(self, routes):
        """From before the fork and exec until the log says ready."""
        config = self.work / "routes.yaml"
        config.write_text(self.configuration(9, routes))
        start = time.monotonic()
        # Unbuffered, so that select tells of every line.
        with subprocess.Popen([self.build / "drawbridge", "serve", "-c", config], stderr=subprocess.PIPE, bufsize=0) as process:
            ready = None
            while ready is None and select.select([process.stderr], [], [], START_TIMEOUT)[0]:
                line = process.stderr.readline()
                if not line:
                    break
                if event_of(line) == "ready":
                    ready = time.monotonic() - start
            problem = stop(process)
        if ready is None or problem:
            raise Failed(problem or "drawbridge was not ready in time")
        return ready


class DrawbridgeTwice(Drawbridge):
    """With two workers."""

    name = "drawbridge-2"
    workers = 2


class Beast(Contender):
    """The bridge as one writes it from Beast's examples."""

    name = "beast"

    def start(self, backend_port, log):
        process = subprocess.Popen([self.build / "bench_beast_bridge", self.work / "cert.pem", self.work / "key.pem",
                                    str(backend_port)], stdout=subprocess.PIPE, stderr=log, stdin=subprocess.DEVNULL)
        port = process.stdout.readline()
        if not port:
            raise Failed("the Beast bridge did not start")
        return process, int(port)


class Websockify(Contender):
    """From Debian; a process for each session."""

    name = "websockify"

    def start(self, backend_port, log):
        return start_listener(log, lambda port: [
            "websockify", "--ssl-only", f"--cert={self.work}/cert.pem", f"--key={self.work}/key.pem",
            f"127.0.0.1:{port}", f"127.0.0.1:{backend_port}"])


class Nginx(Contender):
    """From Debian; passes TLS to TCP without any WebSocket."""

    name = "nginx"
    websocket = False

    def start(self, backend_port, log):
        config = self.work / "nginx.conf"

        def command(port):
            config.write_text(f"""
load_module /usr/lib/nginx/modules/ngx_stream_module.so;
daemon off;
master_process off;
pid {self.work}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 19000; }}
stream {{
  server {{
    listen 127.0.0.1:{port} ssl backlog=4096;
    ssl_certificate {self.work}/cert.pem;
    ssl_certificate_key {self.work}/key.pem;
    ssl_protocols TLSv1.2 TLSv1.3;
    proxy_pass 127.0.0.1:{backend_port};
    proxy_timeout 1h;
  }}
}}
""")
            return ["nginx", "-c", config, "-e", "stderr"]
        return start_listener(log, command)


class Haproxy(Contender):
    """From Debian; passes TLS to TCP without any WebSocket."""

    name = "haproxy"
    websocket = False

    def start(self, backend_port, log):
        config = self.work / "haproxy.cfg"
        pair = self.work / "pair.pem"
        pair.write_text((self.work / "cert.pem").read_text() + (self.work / "key.pem").read_text())

        def command(port):
            config.write_text(f"""
global
  nbthread 1
  maxconn 9500
defaults
  mode tcp
  timeout connect 5s
  timeout client 1h
  timeout server 1h
frontend browsers
  bind 127.0.0.1:{port} ssl crt {pair} backlog 4096
  default_backend service
backend service
  server one 127.0.0.1:{backend_port}
""")
            return ["haproxy", "-db", "-f", config]
        return start_listener(log, command)


ALL = (Drawbridge, DrawbridgeTwice, Nginx, Haproxy, Beast, Websockify)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def listens(port):
    """Asked of the kernel: a connection made to find out would be one that the contender has to carry."""
    local = f"0100007F:{port:04X}"
    return any(fields[1] == local and fields[3] == "0A"
               for fields in map(str.split, Path("/proc/net/tcp").read_text().splitlines()))


def start_listener(log, command):
    port = free_port()
    process = subprocess.Popen(command(port), stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    deadline = time.monotonic() + START_TIMEOUT
    while not listens(port):
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            process.wait()
            raise Failed(f"does not listen:\n{Path(log.name).read_text()}")
        time.sleep(0.005)
    return process, port


def event_of(line):
    try:
        return json.loads(line).get("event")
    except ValueError:
        return None


def wait_for_event(process, log, last):
    """The events of a JSON log up to the one named, by name."""
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline:
        ended = process.poll() is not None
        events = {event_of(line): json.loads(line) for line in log.read_text().splitlines() if event_of(line)}
        if last in events:
            return events
        if ended:
            break
        time.sleep(0.005)
    process.kill()
    process.wait()
    raise Failed(f"not ready:\n{log.read_text()}")


def stop(process):
    """What went wrong in that, or nothing."""
    process.send_signal(signal.SIGTERM)
    try:
        code = process.wait(timeout=15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return "the contender did not stop on SIGTERM\n"
    return "" if code in (0, -signal.SIGTERM, 128 + signal.SIGTERM) else f"the contender ended with {code}\n"

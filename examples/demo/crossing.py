"""Looks at the demo as a browser would: asks for the page, crosses to each service, prints what it sent, what came back, and
when. Usage: crossing.py https://HOST[:PORT] CAFILE ORIGIN

Exits with 1 when something is refused, the certificate does not hold, or an answer is missing after 5 s.
"""

import base64
import hashlib
import http.client
import os
import socket
import ssl
import sys
import time
import urllib.parse

PATIENCE = 5  # seconds
ACCEPT = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 §1.3
CONTINUATION, TEXT, CLOSE, PING, PONG = 0x0, 0x1, 0x8, 0x9, 0xA


class Failed(Exception):
    pass


class Site:
    def __init__(self, url, cafile, origin):
        self.origin = origin
        parts = urllib.parse.urlsplit(url)
        self.authority, self.host, self.port = parts.netloc, parts.hostname, parts.port or 443
        self._tls = ssl.create_default_context(cafile=cafile)

    def connect(self):
        # localhost is the loopback address (RFC 6761 §6.3), also on a machine without /etc/hosts.
        address = "127.0.0.1" if self.host == "localhost" else self.host
        connection = socket.create_connection((address, self.port), PATIENCE)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._tls.wrap_socket(connection, server_hostname=self.host)

    def get(self, path):
        with self.connect() as connection:
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {self.authority}\r\nConnection: close\r\n\r\n".encode())
            answer = http.client.HTTPResponse(connection, method="GET")
            answer.begin()
            content = answer.read()
        if answer.status != 200:
            raise Failed(f"{path} is answered with {answer.status} {content.decode(errors='replace')}")
        return content.decode()


class Lines:
    """A WebSocket (RFC 6455) to a service that speaks lines; where messages begin and end says nothing."""

    def __init__(self, site, path):
        self._socket = site.connect()
        key = base64.b64encode(os.urandom(16)).decode()
        self._socket.sendall((
            f"GET {path} HTTP/1.1\r\nHost: {site.authority}\r\nOrigin: {site.origin}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n").encode())
        self._stream = self._socket.makefile("rb")
        status = self._stream.readline().split(b" ", 2)
        fields = http.client.parse_headers(self._stream)
        if status[1:2] != [b"101"]:
            raise Failed(f"{path} is refused with {b' '.join(status[1:]).decode()}".strip())
        if fields["Sec-WebSocket-Accept"] != base64.b64encode(hashlib.sha1((key + ACCEPT).encode()).digest()).decode():
            raise Failed(f"{path} is accepted by something that is no WebSocket server")
        self._rest = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()

    def send(self, line):
        self._frame(TEXT, f"{line}\n".encode())

    def receive(self):
        while b"\n" not in self._rest:
            self._rest += self._payload()
        line, _, self._rest = self._rest.partition(b"\n")
        return line.decode()

    def until(self, start):
        """The next line that begins so."""
        while not (line := self.receive()).startswith(start):
            pass
        return line

    def close(self):
        self._frame(CLOSE, (1000).to_bytes(2, "big"))
        try:
            while True:
                self._payload()
        except EOFError:
            pass

    def _frame(self, opcode, payload):
        mask = os.urandom(4)
        size = len(payload)
        if size > 125:
            raise Failed("longer than what is sent here")
        masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
        self._socket.sendall(bytes([0x80 | opcode, 0x80 | size]) + mask + masked)

    def _payload(self):
        first, second = self._stream.read(2) or self._over()
        extended = {126: 2, 127: 8}.get(second, 0)
        size = int.from_bytes(self._stream.read(extended), "big") if extended else second
        payload = self._stream.read(size)
        opcode = first & 0xF
        if opcode == PING:
            self._frame(PONG, payload)
        elif opcode == CLOSE:
            self._over()
        return payload if opcode in (TEXT, CONTINUATION) else b""

    @staticmethod
    def _over():
        raise EOFError("the connection is over")


def milliseconds_since(start):
    return f"{1000 * (time.monotonic() - start):.2f} ms"


def cross_chat(lines):
    lines.send("name crossing")
    lines.until("you crossing")
    for text in ["Is anybody there?", "The bridge is down, come over.", "Zwölf Boxkämpfer 🏰"]:
        sent = time.monotonic()
        print(f"  sent  say {text}")
        lines.send(f"say {text}")
        line = lines.until("said ")
        print(f"  got   {line}   ({milliseconds_since(sent)})")
        if line != f"said crossing {text}":
            raise Failed("that is not what was said")


def cross_ticker(lines):
    started = time.monotonic()
    for _ in range(4100):  # the last 20 s, and half a second more
        at, symbol, price = lines.receive().split()
    print(f"  got   4100 values in {milliseconds_since(started)}, the last {symbol} at {price}, {int(at) / 1000:.1f} s")


def cross_arena(lines):
    lines.send("join crossing")
    number = lines.until("you ").split()[1]
    print(f"  got   you {number}")
    lines.send("go 100 0")
    places = [tuple(map(int, lines.until("at ").split()[2:])) for _ in range(5)]
    mine = [place[3 * place[::3].index(int(number)) + 1:][:2] for place in places if int(number) in place[::3]]
    print(f"  got   at {', '.join(f'{x} {y}' for x, y in mine)}")


def cross_shell(lines):
    print(f"  got   {lines.receive()}")
    sent = time.monotonic()
    lines.send("echo over the moat")
    line = lines.receive()
    print(f"  sent  echo over the moat\n  got   {line}   ({milliseconds_since(sent)})")
    if line != "over the moat":
        raise Failed("that is not its echo")


def main():
    if len(sys.argv) != 4 or not sys.argv[1].startswith("https://"):
        print("usage: crossing.py https://HOST[:PORT] CAFILE ORIGIN", file=sys.stderr)
        return 2
    try:
        site = Site(*sys.argv[1:])
        if "<title>drawbridge demo</title>" not in site.get("/") or "class DrawbridgeSocket" not in site.get("/client/drawbridge.js"):
            raise Failed("that is not the page of the demo")
        print("the page is there")
        for path, cross in [("/chat", cross_chat), ("/ticker", cross_ticker), ("/arena", cross_arena), ("/shell", cross_shell)]:
            started = time.monotonic()
            with Lines(site, path) as lines:
                print(f"{path} opened in {milliseconds_since(started)}")
                cross(lines)
                lines.close()
    except (Failed, OSError, EOFError) as failed:
        print(f"crossing.py: {failed}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

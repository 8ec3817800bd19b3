"""Runs the recipes of docs/authentication.md and docs/proxies.md as they stand, against the real daemon over TLS: the
YAML, the commands, the scripts. Usage: recipes_test.py SOURCES DRAWBRIDGE

Addresses and paths of the examples' machines become those of a temporary directory and free ports of loopback.
"""

import base64
import http.server
import json
import os
import re
import shutil
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

from docs_test import DRAWBRIDGE, SOURCES, blocks

AUTHENTICATION = SOURCES / "docs/authentication.md"
PROXIES = SOURCES / "docs/proxies.md"
BROWSER = Path(__file__).resolve().parent / "browser.mjs"
PATIENCE = 30  # seconds

LISTENER = 'listeners:\n  - bind: "*:8443"\n    tls: { certificates: [ { chain: fullchain.pem, key: privkey.pem } ] }\n'
ROUTE = """routes:
  - { name: desk, path: /desk, origins: [ "https://app.example.org" ], backend: tcp://127.0.0.1:5900 }
"""
BARE = 'const socket = new WebSocket("wss://bridge.example.org:8443/desk");'


def section(file, title):
    """The blocks between a heading and the next one, by language; and the rows of its tables."""
    lines = file.read_text(encoding="utf-8").splitlines()
    headings, fenced = [], False
    for number, line in enumerate(lines, 1):
        fenced ^= line.startswith("```")
        if not fenced and re.match(r"#+ ", line):
            headings.append((number, line.lstrip("#").strip()))
    begin = next(number for number, text in headings if text == title)
    end = next((number for number, _ in headings if number > begin), len(lines) + 1)
    found = {}
    for block in blocks(file):
        if begin < block.line < end and not block.wrong:
            found.setdefault(block.language, []).append(block.text)
    return found, "\n".join(lines[begin : end - 1])


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def wait_until(true, what):
    deadline = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > deadline:
            raise AssertionError(f"in vain: {what}")
        time.sleep(0.02)


class Echo(socketserver.ThreadingTCPServer):
    """The service behind the bridge."""

    daemon_threads = True

    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            while bytes_ := self.request.recv(4096):
                self.request.sendall(bytes_)

    def __init__(self):
        super().__init__(("127.0.0.1", 0), self.Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Login(http.server.ThreadingHTTPServer):
    """An authentication service: the cookie says what it answers."""

    daemon_threads = True
    identity_headers = {
        "/verify": "Remote-User",
        "/api/authz/forward-auth": "Remote-User",
        "/outpost.goauthentik.io/auth/nginx": "X-authentik-username",
        "/oauth2/auth": "X-Auth-Request-User",
    }

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.server.asked.append((self.path, dict(self.headers.items())))
            said = re.fullmatch(r"login=(\d+)", self.headers.get("Cookie", "login=401"))
            self.send_response(int(said[1]))
            if said[1].startswith("2"):
                self.send_header(self.server.identity_headers[self.path], "alice")
            if said[1].startswith("3"):
                self.send_header("Location", "https://login.example.org/")
            self.end_headers()

        def log_message(self, *arguments):
            pass

    def __init__(self):
        super().__init__(("127.0.0.1", 0), self.Handler)
        self.asked = []
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Recipe(unittest.TestCase):
    """A directory with the bridge's certificate, a service, and what the recipe puts there."""

    @classmethod
    def setUpClass(cls):
        cls.echo = Echo()
        cls.addClassCleanup(cls.echo.server_close)
        cls.addClassCleanup(cls.echo.shutdown)
        made = Path(tempfile.mkdtemp(prefix="drawbridge-recipes-"))
        cls.addClassCleanup(shutil.rmtree, made)
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "90"]
            + ["-subj", "/CN=bridge.example.org", "-addext", "subjectAltName=DNS:bridge.example.org"]
            + ["-keyout", made / "privkey.pem", "-out", made / "fullchain.pem"], check=True, capture_output=True)
        (made / "privkey.pem").chmod(0o600)
        cls.made = made

    def setUp(self):
        self.directory = Path(tempfile.mkdtemp(prefix="drawbridge-recipe-"))
        self.addCleanup(shutil.rmtree, self.directory)
        for name in ("privkey.pem", "fullchain.pem"):
            shutil.copy(self.made / name, self.directory)
        self.log = []

    def start(self, text, replace=()):
        """Starts the daemon with the example, and the half that it leaves out."""
        if not re.search(r"^listeners:", text, flags=re.M):
            text += LISTENER
        if not re.search(r"^routes:", text, flags=re.M):
            text += ROUTE
        for old, new in [('"*:8443"', "127.0.0.1:0"), ("127.0.0.1:5900", f"127.0.0.1:{self.echo.server_address[1]}"),
                         *replace]:
            text = text.replace(old, new)
        (self.directory / "drawbridge.yaml").write_text(text, encoding="utf-8")
        self.log = log = []
        self.daemon = subprocess.Popen([DRAWBRIDGE, "serve", "-c", "drawbridge.yaml"], cwd=self.directory, text=True,
                                       stderr=subprocess.PIPE)
        self.addCleanup(self.stop, self.daemon)

        def read(stream):
            for line in stream:
                log.append(json.loads(line) if line.startswith("{") else {"event": "text", "text": line})

        self.reader = threading.Thread(target=read, args=(self.daemon.stderr,), daemon=True)
        self.reader.start()
        self.logged(event="ready")
        address = self.logged(event="listening")["address"]
        self.port = address.rpartition(":")[2]

    def stop(self, daemon=None):
        daemon = daemon or self.daemon
        if daemon.poll() is None:
            daemon.kill()
        daemon.wait()
        self.reader.join()
        daemon.stderr.close()

    def logged(self, **fields):
        """The first line of the log with these fields, which it loses."""
        def find():
            return next((line for line in self.log if fields.items() <= line.items()), None)

        wait_until(lambda: find() or self.daemon.poll() is not None, f"{fields} in {self.log}")
        line = find()
        self.assertIsNotNone(line, self.log)
        self.log.remove(line)
        return line

    def sh(self, commands, check=True):
        environment = {**os.environ, "PATH": f"{self.directory}/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
        ran = subprocess.run(["/bin/bash", "-euo", "pipefail", "-c", commands], cwd=self.directory, env=environment,
                             text=True, capture_output=True, timeout=PATIENCE, check=False)
        if check:
            self.assertEqual(ran.returncode, 0, ran.stderr)
        return ran.stdout

    def begin(self, script, token="", scheme="wss", port=None, **options):
        (self.directory / "page.js").write_text(script, encoding="utf-8")
        options = {"address": f"{scheme}://127.0.0.1:{port or self.port}", "ca": str(self.directory / "fullchain.pem"),
                   "token": token, **options}
        return subprocess.Popen(["/usr/bin/node", BROWSER, self.directory / "page.js", json.dumps(options)], text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.directory,
                                env={**os.environ, "NODE_PATH": "/usr/share/nodejs"})

    def page(self, script, token="", **options):
        """All that happens to the socket of a page."""
        out, errors = self.begin(script, token, **options).communicate(timeout=PATIENCE)
        self.assertEqual(errors, "")
        return [json.loads(line) for line in out.splitlines()]

    def admits(self, script, token="", identity="alice", **options):
        events = self.page(script, token, **options)
        self.assertIn({"message": "across"}, events)
        session = self.logged(event="session")
        self.assertEqual(session.get("identity"), identity)
        return events[0]["opened"], session

    def refuses(self, status, reason, script, token="", **options):
        events = self.page(script, token, **options)
        self.assertEqual([(event.get("status"), event.get("reason")) for event in events], [(status, reason)])
        line = self.logged(event="refused", session=events[0]["session"])
        self.assertEqual((line["reason"], line["status"]), (reason, status))
        if len(token) > 8:
            self.assertNotIn(token, json.dumps(self.log) + json.dumps(line))
        return line, events[0]["headers"]


class Authentication(Recipe):
    def token_of(self, commands):
        return self.sh(commands).splitlines()[-1]

    def test_tokens(self):
        recipe, _ = section(AUTHENTICATION, "tokens")
        [yaml], [commands], [script] = recipe["yaml"], recipe["sh"], recipe["js"]
        token = self.token_of(commands)
        old = self.token_of(commands.replace("+90 days", "-1 day").replace("alice", "bob").replace("laptop", "old"))
        elsewhere = self.token_of(commands.replace("id=laptop", "id=there backend=tcp://127.0.0.1:5900"))
        self.start(yaml)
        protocol, session = self.admits(script, token)
        self.assertEqual((protocol, session["subprotocol"]), ("binary", "binary"))
        self.refuses(401, "credential_missing", BARE)
        self.refuses(401, "credential_invalid", script, "not in the file and long")
        self.refuses(401, "credential_invalid", script, base64.b64encode(b"x" * 32).decode())
        self.refuses(401, "credential_expired", script, old)
        self.refuses(403, "not_permitted", script, elsewhere)
        self.stop()
        # The line's backend is allowed, and the route's own does not answer.
        self.sh("sed -i s/:5900/:%d/ tokens.txt" % self.echo.server_address[1])
        self.start(yaml.replace("file: tokens.txt", "file: tokens.txt, backends: [ tcp://127.0.0.1:5900 ]")
                   .replace("backend: tcp://127.0.0.1:5900", "backend: tcp://127.0.0.1:9"))
        self.admits(script, elsewhere)

    def test_jwt(self):
        recipe, text = section(AUTHENTICATION, "jwt")
        [yaml], [fetch, pair], [script], [sign] = recipe["yaml"], recipe["sh"], recipe["js"], recipe["python"]
        self.sh(pair)
        # The login service's URL.
        (self.directory / "bin").mkdir()
        (self.directory / "bin/curl").write_text(
            '#!/usr/bin/python3\nimport sys\nfrom jwcrypto import jwk\n'
            'assert sys.argv[2] == "https://login.example.org/.well-known/jwks.json"\n'
            'key = jwk.JWK.from_pem(open("login.pem", "rb").read())\n'
            'open(sys.argv[4], "w").write(\'{"keys": [\' + key.export_public() + "]}")\n', encoding="utf-8")
        (self.directory / "bin/curl").chmod(0o755)
        self.sh(fetch)

        def signed(old="", new=""):
            self.assertIn(old, sign)
            (self.directory / "sign.py").write_text(sign.replace(old, new) if old else sign, encoding="utf-8")
            return self.sh("/usr/bin/python3 sign.py").strip()

        good = signed()
        for source in ("jwks: login.jwks.json", "pem: login.pem"):
            self.start(yaml.replace("jwks: login.jwks.json", source))
            self.assertEqual(self.admits(script, good)[0], "binary")
            self.stop()
        self.start(yaml)
        self.refuses(401, "credential_missing", BARE)
        self.refuses(403, "not_permitted", script, signed('"operators"', '"guests"'))
        self.refuses(401, "credential_expired", script, signed("+ 600", "- 600"))
        for old, new in [('"exp": int(time.time()) + 600, ', ""), ('"drawbridge"', '"another"'),
                         ('"sub": "alice", ', ""), ("https://login.example.org", "https://evil.example"),
                         ('"ES256"', '"ES256", headers={"crit": ["b64"], "b64": False}'),
                         ('"jti"', '"nbf": int(time.time()) + 600, "jti"'),
                         ('open("login.key").read(), algorithm="ES256"', 'None, algorithm="none"')]:
            with self.subTest(new):
                self.refuses(401, "credential_invalid", script, signed(old, new))
        self.sh(pair)
        self.refuses(401, "credential_invalid", script, signed())
        self.stop()

        self.sh(re.search(r"`(openssl rand [^`]*)`", text)[1])
        secret = signed('open("login.key").read(), algorithm="ES256"',
                        'open("hs256.key").read().strip(), algorithm="HS256"')
        self.start(yaml.replace("jwks: login.jwks.json", "secret: hs256.key").replace("[ ES256 ]", "[ HS256 ]"))
        self.admits(script, secret)

    def test_basic(self):
        recipe, _ = section(AUTHENTICATION, "basic")
        [yaml], [commands], [script] = recipe["yaml"], recipe["sh"], recipe["js"]
        self.sh(commands)

        def login(user, password):
            return {"headers": {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}}

        self.start(yaml)
        self.admits(script, **login("alice", "correct horse battery staple"))
        self.refuses(401, "credential_invalid", script, **login("alice", "wrong"))
        self.refuses(401, "credential_invalid", script, **login("nobody", "wrong"))
        _, headers = self.refuses(401, "credential_missing", script)
        self.assertTrue(headers["www-authenticate"].startswith("Basic "))

    def test_client_certificate(self):
        recipe, _ = section(AUTHENTICATION, "client_certificate")
        [yaml], [make, revoke, lists], [script] = recipe["yaml"], recipe["sh"], recipe["js"]
        self.sh(make)
        # Somebody else, of the same authority.
        request, sign, export = [line for line in make.replace("\\\n", "").splitlines() if line][1:]
        others = "\n".join([request, sign, export]).replace("alice.", "mallory.")
        self.sh(others.replace("alice@example.org", "mallory@evil.example"))
        alice = {"pfx": "alice.p12", "passphrase": "import"}
        self.start(yaml)
        self.admits(script, **alice)
        self.refuses(401, "credential_missing", script)
        self.refuses(403, "not_permitted", script, pfx="mallory.p12", passphrase="import")
        self.stop()
        self.sh(revoke)
        self.start(yaml + "revocations: revoked.txt\n")
        self.refuses(403, "revoked", script, **alice)
        self.stop()
        self.sh(lists)
        self.start(yaml.replace("{ ca: clients-ca.pem }", "{ ca: clients-ca.pem, crl: clients.crl }"))
        self.assertIn("error", self.page(script, **alice)[0])
        self.assertIn("revoked", self.logged(event="refused", reason="tls_error")["detail"])
        self.refuses(403, "not_permitted", script, pfx="mallory.p12", passphrase="import")
        self.stop()
        self.start(yaml.replace("{ ca: clients-ca.pem }", "{ ca: clients-ca.pem, required: true }"))
        self.assertIn("error", self.page(script)[0])
        self.logged(event="refused", reason="tls_error")

    def test_forward(self):
        recipe, text = section(AUTHENTICATION, "forward")
        [simple, products], [script] = recipe["yaml"], recipe["js"]
        login = Login()
        self.addCleanup(login.server_close)
        self.addCleanup(login.shutdown)
        ports = [(f"127.0.0.1:{port}/", f"127.0.0.1:{login.server_address[1]}/") for port in (9091, 9000, 4180)]
        self.start(simple, ports)
        self.admits(script, headers={"Cookie": "login=200"})
        path, headers = login.asked[-1]
        self.assertEqual(path, "/verify")
        # The table tells all that is sent, besides what each HTTP request has.
        rows = re.findall(r"^\| ([^|]*`[^|]*) \| [^|]+ \|$", text[text.index("| header | holds |"):], flags=re.M)
        rows = rows[: rows.index("those of `request_headers`")]
        told = {name for row in rows for name in re.findall(r"`([\w-]+)`", row)}
        self.assertEqual(set(headers) - {"Host", "Connection"}, told | {"cookie"})
        self.assertEqual(headers["X-Original-URL"], "https://bridge.example.org:8443/desk")
        self.assertEqual(headers["X-Forwarded-For"], "127.0.0.1")

        self.refuses(401, "credential_missing", script)
        self.refuses(401, "credential_invalid", script, headers={"Cookie": "login=401"})
        self.refuses(401, "credential_invalid", script, headers={"Cookie": "login=302"})
        self.refuses(403, "not_permitted", script, headers={"Cookie": "login=403"})
        self.refuses(503, "auth_unavailable", script, headers={"Cookie": "login=500"})
        self.stop()

        self.start(products, ports)
        for path in re.findall(r"path: (\S+)", products):
            self.admits(script.replace("/desk", path), headers={"Cookie": "login=202"})
        self.assertEqual({path for path, _ in login.asked}, set(login.identity_headers))

    def test_where_a_credential_stands(self):
        [yaml] = section(AUTHENTICATION, "Where a credential stands")[0]["yaml"]
        token = self.token_of(section(AUTHENTICATION, "tokens")[0]["sh"][0])
        self.start(yaml)
        [entry] = section(AUTHENTICATION, "The subprotocol entry")[0]["js"]
        self.assertEqual(self.admits(entry, token)[0], "binary")
        self.refuses(400, "subprotocol", entry.replace('"binary", ', ""), token)
        [cookie] = section(AUTHENTICATION, "A cookie")[0]["js"]
        self.admits(cookie, headers={"Cookie": f"theme=dark; session={token}"})
        [query] = section(AUTHENTICATION, "The query")[0]["js"]
        self.admits(query, token)
        self.admits(BARE, headers={"Authorization": f"Bearer {token}"})
        self.refuses(401, "credential_invalid", BARE, headers={"Cookie": f"session={token}; session={token}"})
        self.assertNotIn(token, json.dumps(self.log))

    def test_several_entries(self):
        [yaml] = section(AUTHENTICATION, "Several entries")[0]["yaml"]
        tokens, basic = (section(AUTHENTICATION, title)[0] for title in ("tokens", "basic"))
        token = self.token_of(tokens["sh"][0])
        self.sh(basic["sh"][0].replace("alice", "bob"))
        self.start(yaml)
        self.admits(tokens["js"][0], token)
        password = base64.b64encode(b"bob:correct horse battery staple").decode()
        self.admits(BARE, identity="bob", headers={"Authorization": f"Basic {password}"})
        self.refuses(401, "credential_invalid", tokens["js"][0], "a" * 32)
        _, headers = self.refuses(401, "credential_missing", BARE)
        self.assertIn("Bearer", headers["www-authenticate"])

    def test_expiry_and_revocation(self):
        recipe, _ = section(AUTHENTICATION, "Expiry and revocation")
        [revocations], [commands] = recipe["yaml"], recipe["sh"]
        tokens = section(AUTHENTICATION, "tokens")[0]
        [script] = tokens["js"]
        token = self.token_of(tokens["sh"][0])
        [make] = tokens["sh"]
        short = self.token_of(make.replace("+90 days", "+8 seconds").replace("alice", "carol").replace("laptop", "c"))
        lost = self.token_of(make.replace("alice", "bob").replace("laptop", "bob-laptop"))
        (self.directory / "revoked.txt").touch()
        self.start(tokens["yaml"][0] + revocations)

        def close_of(page):
            out, errors = page.communicate(timeout=PATIENCE)
            self.assertEqual(errors, "")
            return json.loads(out.splitlines()[-1])

        stays = self.begin(script, short, stays=True)
        self.assertEqual(close_of(stays), {"closed": 1008, "reason": "credential_expired"})
        sessions = [self.begin(script, one, stays=True) for one in (token, lost)]
        for page in sessions:
            while "across" not in page.stdout.readline():
                self.assertIsNone(page.poll())
        self.sh(commands)
        for page in sessions:
            self.assertEqual(close_of(page), {"closed": 1008, "reason": "revoked"})
        self.refuses(403, "revoked", script, token)
        self.refuses(403, "revoked", script, lost)

    def test_files_that_change(self):
        tokens = section(AUTHENTICATION, "tokens")[0]
        [yaml], [commands], [script] = tokens["yaml"], tokens["sh"], tokens["js"]
        (self.directory / "tokens.txt").touch()
        self.start(yaml)
        token = self.token_of(commands)
        self.logged(event="keys_read", route="desk")
        self.admits(script, token)
        self.sh("echo nonsense > new; mv new tokens.txt")
        self.logged(event="keys_not_read", route="desk")
        self.admits(script, token)
        check = subprocess.run([DRAWBRIDGE, "check", "-c", "drawbridge.yaml"], cwd=self.directory, capture_output=True,
                               text=True, check=False)
        self.assertEqual(check.returncode, 1)
        self.assertIn("tokens.txt", check.stderr)


class Proxies(Recipe):
    """Who comes through HAProxy, nginx and Caddy is the client, whatever he says himself."""

    SPOOF = {"X-Forwarded-For": "203.0.113.9", "Forwarded": "for=203.0.113.9", "X-Real-IP": "203.0.113.9"}

    def run_proxy(self, command):
        proxy = subprocess.Popen(command, cwd=self.directory, text=True, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.PIPE)

        def stop():
            proxy.terminate()
            proxy.communicate(timeout=PATIENCE)

        self.addCleanup(stop)

        def listens():
            self.assertIsNone(proxy.poll(), proxy.stderr.read() if proxy.poll() is not None else "")
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", self.front)) == 0

        wait_until(listens, "the proxy listens")

    def through(self, via, **options):
        options.update({"from": "127.0.0.5"})
        _, session = self.admits(BARE, identity=None, port=self.front, headers=self.SPOOF, **options)
        self.assertEqual((session["client"], session.get("via")), ("127.0.0.5", via))

    def haproxy(self, text, replace):
        self.front = free_port()
        for old, new in [("bind :443", f"bind 127.0.0.1:{self.front}"), ("10.0.0.8:8443", f"127.0.0.1:{self.port}"),
                         ("10.0.0.8:8080", f"127.0.0.1:{self.port}"), *replace]:
            text = text.replace(old, new)
        (self.directory / "haproxy.cfg").write_text(text, encoding="utf-8")
        self.run_proxy(["/usr/sbin/haproxy", "-db", "-f", "haproxy.cfg"])

    HERE = [("10.0.0.8:8443", "127.0.0.1:0"), ("10.0.0.8:8080", "127.0.0.1:0"), ("10.0.0.7", "127.0.0.1")]

    def test_haproxy_tcp(self):
        recipe, _ = section(PROXIES, "HAProxy, TCP passed on")
        self.start(recipe["yaml"][0], self.HERE)
        self.haproxy(recipe["haproxy"][0], [])
        self.through("127.0.0.1")
        # Around the proxy, with no header and from elsewhere.
        self.assertIn("error", self.page(BARE)[0])
        self.logged(event="refused", reason="bad_request", status=0)
        self.assertIn("error", self.page(BARE, **{"from": "127.0.0.9"})[0])
        self.logged(event="refused", reason="client_denied", status=0)

    def test_haproxy_http(self):
        recipe, _ = section(PROXIES, "HAProxy, HTTP")
        self.start(recipe["yaml"][0], self.HERE)
        (self.directory / "bridge.pem").write_text(
            "".join((self.directory / name).read_text(encoding="utf-8") for name in ("fullchain.pem", "privkey.pem")),
            encoding="utf-8")
        self.haproxy(recipe["haproxy"][0], [("/etc/haproxy/", f"{self.directory}/")])
        self.through("127.0.0.1")
        # From elsewhere the header changes nothing.
        _, session = self.admits(BARE, identity=None, scheme="ws", headers=self.SPOOF, **{"from": "127.0.0.9"})
        self.assertEqual((session["client"], session.get("via")), ("127.0.0.9", None))

    def test_nginx(self):
        recipe, _ = section(PROXIES, "nginx")
        [yaml, inherited], [server] = recipe["yaml"], recipe["nginx"]
        self.start(yaml, [("/run/drawbridge/", f"{self.directory}/")])
        self.front = free_port()
        for old, new in [("listen 443", f"listen 127.0.0.1:{self.front}"), ("/run/drawbridge/", f"{self.directory}/"),
                         ("/etc/ssl/certs/bridge.pem", f"{self.directory}/fullchain.pem"),
                         ("/etc/ssl/private/bridge.key", f"{self.directory}/privkey.pem")]:
            server = server.replace(old, new)
        # What Debian's nginx.conf has around it; with a directory for its temporary files.
        around = "daemon off;\npid nginx.pid;\nerror_log stderr;\nevents {}\nhttp {\naccess_log off;\n"
        if os.geteuid() == 0:
            around = "user root;\n" + around
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"):
            around += f"{kind}_temp_path {self.directory}/{kind};\n"
        (self.directory / "nginx.conf").write_text(around + server + "}\n", encoding="utf-8")
        self.run_proxy(["/usr/sbin/nginx", "-p", self.directory, "-c", "nginx.conf"])
        self.through("unix")
        (self.directory / "inherited.yaml").write_text(inherited + ROUTE, encoding="utf-8")
        check = subprocess.run([DRAWBRIDGE, "check", "-c", "inherited.yaml"], cwd=self.directory, capture_output=True,
                               text=True, check=False)
        self.assertEqual(check.returncode, 0, check.stderr)

    def test_caddy(self):
        recipe, text = section(PROXIES, "Caddy")
        [yaml], [site] = recipe["yaml"], recipe["caddyfile"]
        self.start(yaml, [("127.0.0.1:8080", "127.0.0.1:0")])
        self.caddy(site, "127.0.0.1:8080", f"127.0.0.1:{self.port}")
        self.through("127.0.0.1")
        self.stop()
        # The Unix socket that the text speaks of.
        [name] = re.findall("unix//run/[a-z.]+", text)
        nginx, _ = section(PROXIES, "nginx")
        self.start(nginx["yaml"][0], [("/run/drawbridge/", f"{self.directory}/")])
        self.caddy(site, "127.0.0.1:8080", name.replace("/run/drawbridge.sock", f"{self.directory}/bridge.sock"))
        self.through("unix")

    def caddy(self, site, old, new):
        """The site as it stands, but for ports, the certificate, and what only a whole machine has."""
        self.front = free_port()
        own = f"bind 127.0.0.1\n\ttls {self.directory}/fullchain.pem {self.directory}/privkey.pem"
        site = site.replace("bridge.example.org {", f"bridge.example.org:{self.front} {{\n\t{own}").replace(old, new)
        around = "{\n\tadmin off\n\tauto_https disable_redirects\n}\n"
        (self.directory / "Caddyfile").write_text(around + site, encoding="utf-8")
        self.run_proxy(["/usr/bin/env", f"HOME={self.directory}", "/usr/bin/caddy", "run", "--config", "Caddyfile"])

    def test_allow_and_deny(self):
        [yaml] = section(PROXIES, "Allow and deny")[0]["yaml"]
        script = BARE.replace("/desk", "/controls")
        self.start(yaml, [("127.0.0.1:8080", "127.0.0.1:0")])
        line, _ = self.refuses(403, "client_denied", script, scheme="ws")
        self.assertTrue(line["rule"].startswith("allow "), line)
        self.stop()
        self.start(yaml, [("127.0.0.1:8080", "127.0.0.1:0"), ("192.0.2.0/24", "127.0.0.0/24"),
                          ("192.0.2.13", "127.0.0.13"), ("203.0.113.0/24", "127.0.1.0/24")])
        self.admits(script, identity=None, scheme="ws")
        line, _ = self.refuses(403, "client_denied", script, scheme="ws", **{"from": "127.0.0.13"})
        self.assertTrue(line["rule"].startswith("deny "), line)
        self.assertIn("error", self.page(script, scheme="ws", **{"from": "127.0.1.1"})[0])
        self.logged(event="refused", reason="client_denied", status=0)


class Coverage(unittest.TestCase):
    def test_every_block_of_the_pages_is_run(self):
        """By the tests above, or by docs_test.py (what is wrong on purpose, and its answer)."""
        run = (Path(__file__)).read_text(encoding="utf-8")
        for page in (AUTHENTICATION, PROXIES):
            titles = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"),
                                                    flags=re.M | re.S), flags=re.M)
            for title in titles:
                found, _ = section(page, title)
                if set(found) - {"text", "ini"}:
                    self.assertIn(f'"{title}"', run)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)

"""Holds conf/monitoring and docs/monitoring.md to the daemon: a real Prometheus, set up as the page says, scrapes it.
Usage: monitoring_test.py SOURCES DRAWBRIDGE

Addresses and paths of the page's machine become those of a temporary directory and free ports of loopback.
"""

import asyncio
import json
import re
import shutil
import socket
import socketserver
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import websockets
import yaml

SOURCES, DRAWBRIDGE = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
ALERTS, DASHBOARD = SOURCES / "conf/monitoring/alerts.yaml", SOURCES / "conf/monitoring/dashboard.json"
ALERTS_TEST = Path(__file__).resolve().parent / "alerts_test.yaml"
PAGE = SOURCES / "docs/monitoring.md"
TOKEN = "0123456789abcdef0123456789abcdef"
ORIGIN = "https://app.example.org"
PATIENCE = 60  # seconds


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def wait_until(true, what):
    deadline = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > deadline:
            raise AssertionError(f"in vain: {what}")
        time.sleep(0.05)


def get(url, token=None):
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"} if token else {})
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        return answer.read().decode()


def answers(url):
    try:
        get(url)
    except (urllib.error.URLError, ConnectionError):
        return False
    return True


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), flags=re.M | re.S)


def rows(first_column):
    """The cells of the table of the page whose first column has that title."""
    table = re.search(rf"^\| {first_column} \|.*\n\|[ |-]*\n((?:\|.*\n)+)", PAGE.read_text(encoding="utf-8"), flags=re.M)
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[1].splitlines()]


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


class Watched:
    """The daemon with the page's admin listener, and the page's Prometheus, which scrapes it twice a second."""

    def __init__(self):
        self.directory = Path(tempfile.mkdtemp(prefix="drawbridge-monitoring-"))
        self.processes = []
        self.echo = Echo()
        self.port, self.admin, self.prometheus = free_port(), free_port(), free_port()
        self.start_daemon()
        self.start_prometheus()

    def close(self):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(PATIENCE)
        self.echo.shutdown()
        self.echo.server_close()
        shutil.rmtree(self.directory)

    def start(self, *command):
        log = open(self.directory / f"{Path(command[0]).name}.log", "wb")
        with log:
            self.processes.append(subprocess.Popen(command, cwd=self.directory, stderr=log, stdout=log))

    def log(self, name):
        return (self.directory / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    def start_daemon(self):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "90"]
            + ["-subj", "/CN=localhost", "-keyout", "key.pem", "-out", "chain.pem"],
            cwd=self.directory, check=True, capture_output=True)
        (self.directory / "key.pem").chmod(0o600)
        (self.directory / "admin.token").write_text(TOKEN + "\n", encoding="utf-8")
        (self.directory / "tokens").touch()
        (self.directory / "page").mkdir()
        (self.directory / "page/index.html").write_text("<h1>the page</h1>", encoding="utf-8")
        admin, = blocks("yaml")[:1]
        assert "127.0.0.1:9180" in admin
        route = f'path: /PATH, origins: [ "{ORIGIN}" ], backend: "BACKEND"'
        routes = [("desk", f"tcp://127.0.0.1:{self.echo.server_address[1]}", ""), ("echo", "echo:", ""),
                  ("dead", f"tcp://127.0.0.1:{free_port()}", ""), ("guarded", "echo:", ", auth: [ { tokens: { file: tokens } } ]")]
        (self.directory / "drawbridge.yaml").write_text(
            f"listeners:\n  - bind: 127.0.0.1:{self.port}\n"
            "    tls: { certificates: [ { chain: chain.pem, key: key.pem } ] }\n    web: page\nroutes:\n"
            + "".join(f'  - {{ name: {name}, {route.replace("PATH", name).replace("BACKEND", backend)}{more} }}\n'
                      for name, backend, more in routes)
            + admin.replace("127.0.0.1:9180", f"127.0.0.1:{self.admin}")
            + "penalties: { exempt: [], enforce: false, origin: 30s }\nlimits: { handshakes_per_client: 1000/s }\n", encoding="utf-8")
        self.start(DRAWBRIDGE, "serve", "-c", "drawbridge.yaml")
        wait_until(lambda: answers(f"http://127.0.0.1:{self.admin}/readyz"), "the daemon is ready")

    def start_prometheus(self):
        settings, = [block for block in blocks("yaml") if "scrape_configs" in block]
        for mine, theirs in [("127.0.0.1:9180", f"127.0.0.1:{self.admin}"),
                             ("/etc/prometheus/drawbridge.token", str(self.directory / "admin.token")),
                             ("/usr/share/doc/drawbridge/conf/monitoring/alerts.yaml", str(ALERTS))]:
            assert mine in settings, mine
            settings = settings.replace(mine, theirs)
        (self.directory / "prometheus.yml").write_text(
            "global: { scrape_interval: 500ms, evaluation_interval: 500ms }\n" + settings, encoding="utf-8")
        self.start(shutil.which("prometheus"), "--config.file=prometheus.yml", "--storage.tsdb.path=data",
                   f"--web.listen-address=127.0.0.1:{self.prometheus}")
        wait_until(lambda: answers(self.api("-/ready")), "Prometheus is ready")

    def api(self, path):
        return f"http://127.0.0.1:{self.prometheus}/{path}"

    def query(self, expression):
        """What it comes to: the series. An expression that Prometheus does not understand is an error."""
        try:
            answer = json.loads(get(self.api("api/v1/query?") + urllib.parse.urlencode({"query": expression})))
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{expression}: {error.read().decode()}") from error
        return answer["data"]["result"]

    def scrape(self):
        return get(f"http://127.0.0.1:{self.admin}/metrics", TOKEN)

    async def cross(self, path, origin=ORIGIN):
        trusting = ssl.create_default_context()
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
        try:
            async with websockets.connect(f"wss://127.0.0.1:{self.port}{path}", ssl=trusting, origin=origin) as socket_:
                await socket_.send(b"across")
                assert await socket_.recv() == b"across"
                await socket_.send(b"not read")  # nor by then is its echo: some of it is discarded
        except websockets.InvalidStatusCode as error:
            return error.status_code
        return 101

    def make_traffic(self):
        """Something for every metric."""
        statuses = [asyncio.run(self.cross(*request)) for request in
                    [("/desk",), ("/echo",), ("/dead",), ("/guarded",), ("/nosuch",)] + 4 * [("/desk", "https://evil.example")]]
        assert statuses == [101, 101, 502, 401, 404, 403, 403, 403, 403], statuses
        trusting = ssl.create_default_context()
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
        with urllib.request.urlopen(f"https://127.0.0.1:{self.port}/", context=trusting, timeout=PATIENCE) as page:
            assert page.read() == b"<h1>the page</h1>"
        with socket.create_connection(("127.0.0.1", self.port)) as plain:
            plain.sendall(b"GET / HTTP/1.1\r\n\r\n")
            plain.recv(4096)


class Monitoring(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.watched = Watched()
        cls.addClassCleanup(cls.watched.close)
        cls.watched.make_traffic()
        # Rates take two scrapes with something between them.
        cls.watched.query("up")
        wait_until(lambda: cls.watched.query('sum(drawbridge_session_ends_total) >= 2'), "Prometheus has the first counts")
        cls.watched.make_traffic()
        wait_until(lambda: cls.watched.query('sum(drawbridge_session_ends_total) >= 4'), "Prometheus has the next counts")

    def test_the_page_of_metrics_is_as_prometheus_wants_it(self):
        checked = subprocess.run(["promtool", "check", "metrics"], input=self.watched.scrape(), text=True,
                                 capture_output=True, timeout=PATIENCE, check=False)
        self.assertEqual((checked.returncode, checked.stdout + checked.stderr), (0, ""))

    def test_the_table_of_the_page_has_the_names_types_and_labels_of_a_scrape(self):
        scraped = self.watched.scrape()
        kinds = dict(re.findall(r"^# TYPE (\S+) (\S+)$", scraped, flags=re.M))
        labels = {}
        for name, text in re.findall(r"^([a-z_]+)(?:\{(.*)\})? \S+$", scraped, flags=re.M):
            family = name if name in kinds else re.sub(r"_(bucket|sum|count)$", "", name)
            labels[family] = labels.get(family, set()) | set(re.findall(r'(\w+)="', text)) - {"le"}
        documented = {name.strip("`"): (kind, set(re.findall(r"`(\w+)`", its))) for name, kind, its, _ in rows("metric")}
        self.assertEqual(sorted(documented), sorted(kinds))
        for name, (kind, its) in documented.items():
            with self.subTest(name):
                self.assertEqual((kind, its), (kinds[name], labels.get(name)))

    def test_every_expression_of_the_dashboard_has_an_answer(self):
        dashboard = json.loads(DASHBOARD.read_text(encoding="utf-8"))
        titles = [panel["title"] for panel in dashboard["panels"]]
        self.assertEqual(len(titles), len(set(titles)))
        expressions = {target["expr"]: panel["title"] for panel in dashboard["panels"] for target in panel.get("targets", [])}
        self.assertGreater(len(expressions), 30)
        asked = set()
        for expression, title in expressions.items():
            with self.subTest(title, expression=expression):
                text = expression.replace("$instance", ".*").replace("$__rate_interval", "1m")
                self.assertNotIn("$", text)
                self.assertTrue(self.watched.query(text))
                asked |= set(re.findall(r"\b(?:drawbridge|process)_\w+", text))
        kinds = set(re.findall(r"^# TYPE (\S+)", self.watched.scrape(), flags=re.M))
        self.assertEqual(sorted(kinds - {re.sub("_bucket$", "", name) for name in asked}), [], "not on the dashboard")
        for annotation in dashboard["annotations"]["list"]:
            self.watched.query(annotation["expr"].replace("$instance", ".*").replace("$__interval", "1m"))

    def test_the_alert_rules_are_evaluated_and_none_of_a_daemon_that_is_well_fires(self):
        def rules():
            groups = json.loads(get(self.watched.api("api/v1/rules")))["data"]["groups"]
            return [rule for group in groups for rule in group["rules"]]

        wait_until(lambda: rules() and all(rule["health"] != "unknown" for rule in rules()), "the rules are evaluated")
        self.assertEqual([(rule["name"], rule.get("lastError")) for rule in rules() if rule["health"] != "ok"], [])
        self.assertEqual([rule["name"] for rule in rules() if rule["state"] == "firing"], [])
        self.assertEqual(len(rules()), len(alerts()))
        # What they ask for exists.
        known = set(re.findall(r"^# TYPE (\S+)", self.watched.scrape(), flags=re.M))
        for rule in rules():
            for name in re.findall(r"\b(?:drawbridge|process)_\w+", rule["query"]):
                with self.subTest(rule["name"]):
                    self.assertIn(name, known)


def alerts():
    return [rule["alert"] for group in yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"]
            for rule in group["rules"]]


class Alerts(unittest.TestCase):
    def test_promtool_accepts_the_rules_and_their_tests_pass(self):
        for command in [["check", "rules", ALERTS], ["test", "rules", ALERTS_TEST]]:
            done = subprocess.run(["promtool", *command], capture_output=True, text=True, timeout=PATIENCE, check=False)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_each_comes_in_a_test_and_stays_away_in_another(self):
        comes, stays_away = set(), set()
        for test in yaml.safe_load(ALERTS_TEST.read_text(encoding="utf-8"))["tests"]:
            for case in test["alert_rule_test"]:
                (comes if case.get("exp_alerts") else stays_away).add(case["alertname"])
        self.assertEqual((comes, stays_away), (set(alerts()), set(alerts())))

    def test_the_page_says_of_each_what_to_do(self):
        documented = [name.strip("`") for name, *rest in rows("alert") if all(rest)]
        self.assertEqual(sorted(documented), sorted(alerts()))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)

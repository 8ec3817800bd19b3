"""The live page of the admin listener in a real Chromium, with the real daemon and real sessions.
Usage: page_test.py SOURCES DRAWBRIDGE SCREENSHOTS

Pictures of it land in the folder SCREENSHOTS, for people to look at.
"""

import asyncio
import hashlib
import http.server
import json
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

import websockets
from selenium.webdriver.common.keys import Keys

from chromium import Chromium
from docs_test import blocks

SOURCES, DRAWBRIDGE, SCREENSHOTS = (Path(argument).resolve() for argument in sys.argv[1:4])
PATIENCE = 30  # seconds
TOKEN = "0123456789abcdef0123456789abcdef"
ORIGIN = "https://app.example.org"
SECRET = "the-night-shift-laptop-0123456789"
HOSTILE = "<img/src=x/onerror=hurt=1>"  # an identity, as a login service might let somebody choose it
REBOUND = "rebound.example.org"  # resolves to this machine
PAGE_SIZE = 25


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class Bridge:
    """The daemon, with the admin listener that docs/manual.md shows."""

    def __init__(self):
        self.directory = Path(tempfile.mkdtemp(prefix="drawbridge-page-"))
        self.port, self.admin, self.dead = free_port(), free_port(), free_port()
        (self.directory / "admin.token").write_text(TOKEN + "\n", encoding="utf-8")
        digest = hashlib.sha256(SECRET.encode()).hexdigest()
        (self.directory / "tokens").write_text(f"sha256:{digest} {HOSTILE}\n", encoding="utf-8")
        for file in ("admin.token", "tokens"):
            (self.directory / file).chmod(0o600)
        example, = [block.text for block in blocks(SOURCES / "docs/manual.md")
                    if block.language == "yaml" and re.fullmatch(r"admin:\n  - bind: 127.*\n    token: .*\n", block.text)]
        route = f'origins: [ "{ORIGIN}" ]'
        (self.directory / "drawbridge.yaml").write_text(
            f"listeners: [ {{ bind: 127.0.0.1:{self.port} }} ]\nroutes:\n"
            f'  - {{ name: echo, path: /echo, {route}, backend: "echo:" }}\n'
            f'  - {{ name: "<b>guarded", path: /guarded, {route}, backend: "echo:", auth: [ {{ tokens: {{ file: tokens }} }} ] }}\n'
            f"  - {{ name: dead, path: /dead, {route}, backend: tcp://127.0.0.1:{self.dead} }}\n"
            + example.replace("127.0.0.1:9180", f"127.0.0.1:{self.admin}")
            + "  - bind: unix:admin.sock\nlimits: { handshakes_per_client: 1000/s }\n", encoding="utf-8")
        self.start()

    def start(self):
        self.process = subprocess.Popen([DRAWBRIDGE, "serve", "-c", "drawbridge.yaml"], cwd=self.directory,
                                        stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if '"event":"ready"' in line:
                break
        else:
            raise AssertionError("the daemon is not ready")
        # Nobody reads the log, and a full pipe costs lines, not sessions.

    def stop(self):
        self.process.kill()
        self.process.wait(PATIENCE)
        self.process.stderr.close()

    def close(self):
        self.stop()
        shutil.rmtree(self.directory)

    def url(self, host="127.0.0.1"):
        return f"http://{host}:{self.admin}/"

    def ctl(self, *words):
        command = [DRAWBRIDGE, "ctl", "--socket", self.directory / "admin.sock", *words]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE).stdout

    def sessions(self):
        return {each["session"]: each for each in json.loads(self.ctl("sessions", "--json"))["sessions"]}


class Sessions:
    """Browsers on the bridge, as far as it can tell."""

    def __init__(self, port):
        self.port = port
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        self.open_ones = []

    def do(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(PATIENCE)

    def open(self, path="/echo", **headers):
        async def connect():
            return await websockets.connect(f"ws://127.0.0.1:{self.port}{path}", origin=ORIGIN, extra_headers=headers)

        session = self.do(connect())
        self.open_ones.append(session)
        return session

    def refused(self, path):
        try:
            self.open(path)
        except websockets.InvalidStatusCode as error:
            return error.status_code
        raise AssertionError(f"{path} was not refused")

    def echoes(self, session, payload):
        async def echo():
            await session.send(payload)
            return await session.recv()

        return self.do(echo()) == payload

    def close_code(self, session):
        self.do(session.wait_closed())
        return session.close_code, session.close_reason

    def close_all(self):
        for session in self.open_ones:
            self.do(session.close())
        self.open_ones.clear()

    def close(self):
        self.close_all()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(PATIENCE)
        self.loop.close()


class OtherSite(http.server.ThreadingHTTPServer):
    """A page that is not the daemon's."""

    daemon_threads = True

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>elsewhere</title>")

        def log_message(self, *arguments):
            pass

    def __init__(self):
        super().__init__(("127.0.0.1", 0), self.Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class LivePage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.browser = Chromium(names=[REBOUND])
        cls.addClassCleanup(cls.browser.close)

    def setUp(self):
        self.bridge = Bridge()
        self.addCleanup(self.bridge.close)
        self.sessions = Sessions(self.bridge.port)
        self.addCleanup(self.sessions.close)
        self.browser.resize(1280, 800)
        self.browser.prefer()
        self.browser.console()

    def come_in(self):
        self.browser.open(self.bridge.url())
        self.browser.type("#token", TOKEN + Keys.ENTER)
        self.wait(lambda: self.text("#state") == "ready", "it is connected")

    def wait(self, true, what):
        self.browser.wait(true, what)

    def text(self, selector):
        return "|".join(self.browser.texts(selector))

    def row(self, table, name):
        """The cells of its row; none if there is none."""
        for row in self.browser.run(
                "return [...document.getElementById(arguments[0]).rows].map((row) => [...row.cells].map((cell) => cell.textContent))", table):
            if row[0] == name:
                return row
        return []

    def shown_sessions(self):
        return self.browser.texts("#sessions tr th")

    def button_of(self, session, kind):
        return f'#sessions tr[data-key="{session}"] button.{kind}'

    # --- Who may look

    def test_it_shows_nothing_before_the_right_token_and_keeps_no_cookie(self):
        self.browser.open(self.bridge.url())
        self.assertTrue(self.browser.is_shown("#ask"))
        self.assertFalse(self.browser.is_shown("#live"))
        self.assertEqual(self.browser.focused(), "token")
        for wrong in ["not-it-" + TOKEN, "ein Schlüssel"]:
            self.browser.type("#token", wrong + Keys.ENTER)
            self.wait(lambda: self.text("#trouble") == "That is not the token.", "it says so")
            self.wait(lambda: self.browser.is_shown("#ask"), "it asks again")
            self.assertFalse(self.browser.is_shown("#live"))
            self.assertIsNone(self.browser.run("return sessionStorage.getItem('token')"))
        self.browser.type("#token", TOKEN)
        self.browser.click("#ask button")
        self.wait(lambda: self.text("#state") == "ready", "it is connected")
        self.assertFalse(self.browser.is_shown("#ask"))
        self.assertFalse(self.browser.is_shown("#trouble"))
        self.assertEqual(self.browser.element("#token").get_attribute("value"), "")
        self.assertEqual(self.browser.driver.current_url, self.bridge.url())
        # It outlives a reload of the page, and no forgetting.
        self.browser.driver.refresh()
        self.wait(lambda: self.text("#state") == "ready", "it is connected")
        self.assertEqual(self.browser.run("return [localStorage.length, document.cookie]"), [0, ""])
        self.assertEqual(self.browser.driver.get_cookies(), [])
        self.browser.click("#forget")
        self.assertFalse(self.browser.is_shown("#live"))
        self.assertEqual(self.browser.run("return sessionStorage.length"), 0)

    def test_other_sites_and_other_names_reach_nothing(self):
        other = OtherSite()
        self.addCleanup(other.server_close)
        self.addCleanup(other.shutdown)
        self.browser.open(self.bridge.url(REBOUND))
        self.assertIn("this Host is not among", self.browser.element("body").text)
        self.browser.open(f"http://127.0.0.1:{other.server_address[1]}/")
        session = self.sessions.open()
        its_id, = self.bridge.sessions()
        for path, options in [("overview", f'{{headers: {{Authorization: "Bearer {TOKEN}"}}}}'), ("healthz", "{}"),
                              ("page.js", '{mode: "no-cors"}'), ("healthz", '{mode: "no-cors"}')]:
            with self.subTest(path, options=options):
                self.assertEqual(self.browser.run_async(f"fetch('{self.bridge.url()}{path}', {options}).then(() => 'read')"),
                                 "TypeError: Failed to fetch")
        for method in ("POST", "DELETE"):
            self.browser.run_async(f"fetch('{self.bridge.url()}sessions/{its_id}', {{method: '{method}', mode: 'no-cors'}}).then(() => 'sent')")
        self.assertTrue(self.sessions.echoes(session, "unharmed"))
        self.browser.console()
        self.browser.run("document.body.append(Object.assign(document.createElement('iframe'), {src: arguments[0]}))", self.bridge.url())
        self.wait(lambda: any("frame-ancestors" in line for line in self.browser.console()), "it is not framed")

    def test_it_breaks_no_rule_of_its_own_and_asks_nobody_else(self):
        self.come_in()
        self.sessions.open()
        self.wait(lambda: len(self.shown_sessions()) == 1, "the session is shown")
        self.browser.click("#sessions button.details")
        self.assertEqual(self.browser.console(), [])
        asked = self.browser.run("return performance.getEntriesByType('resource').map((each) => each.name)")
        self.assertGreater(len(asked), 4)
        self.assertEqual([url for url in asked if not url.startswith(self.bridge.url())], [])
        self.assertEqual([url for url in asked if TOKEN in url], [])
        # The rules are there: what is not allowed is told in the same place.
        self.browser.run("document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.hurt = 1'}))")
        self.wait(lambda: any("Content Security Policy" in line for line in self.browser.console()), "it is told")
        self.assertIsNone(self.browser.run("return window.hurt"))

    # --- What is shown

    def test_it_shows_what_ctl_says(self):
        one = self.sessions.open()
        self.sessions.open()
        self.assertTrue(self.sessions.echoes(one, b"x" * 3000))
        for path, status in [("/nosuch", 404), ("/dead", 502), ("/dead", 502)]:
            self.assertEqual(self.sessions.refused(path), status)
        self.come_in()
        expected = self.bridge.sessions()
        self.assertEqual(self.shown_sessions(), sorted(expected))
        sizes = {each: self.row("sessions", each)[5:7] for each in expected}
        self.assertEqual(sorted(sizes.values()), [["0 B", "0 B"], ["2.9 KiB", "2.9 KiB"]])
        self.assertEqual(self.text("#range"), "1 to 2 of 2")
        overview = json.loads(self.bridge.ctl("top", "--json"))
        self.assertTrue(self.text("#open").startswith("2 of "))
        self.assertEqual(self.text("#open"), f"2 of {overview['sessions_limit']:,}")
        self.assertTrue(self.text("#facts").startswith(f"{overview['version']}, up "))
        self.assertEqual(self.browser.texts("#routes tr th"), [route["route"] for route in overview["routes"]])
        self.assertEqual(self.row("routes", "echo")[1:3], ["open", "2"])
        self.assertEqual(self.row("routes", "dead")[8:], ["2", overview["routes"][2]["backend"]])
        self.assertEqual(self.row("refusals", "no_route")[2:], ["1", "0", "before a route"])
        self.assertEqual(self.row("refusals", "backend_refused")[2:], ["2", "0", "dead"])

    def test_what_happens_is_seen(self):
        self.come_in()
        self.assertTrue(self.browser.is_shown("#no-refusals"))
        self.wait(lambda: self.text("#up") == "0 B/s", "the second look")
        self.assertEqual(self.text("#opened"), "0/s")
        session = self.sessions.open()
        # A megabyte in a message: its look alone shows a rate of its size.
        self.assertTrue(self.sessions.echoes(session, b"x" * (1 << 20)))
        self.wait(lambda: re.search(r"(KiB|MiB)/s$", self.text("#throughput-most")), "the chart shows it")
        self.assertGreater(len(set(re.findall(r",([\d.]+)", self.browser.element("#throughput polyline").get_attribute("points")))), 1)
        self.wait(lambda: self.row("sessions", *self.bridge.sessions())[5:7] == ["1.0 MiB", "1.0 MiB"], "the session shows it")
        self.assertEqual(self.sessions.refused("/dead"), 502)
        self.wait(lambda: self.row("routes", "dead")[1] == "backend fails", "the route shows it")
        with socket.create_server(("127.0.0.1", self.bridge.dead)):
            self.sessions.open("/dead")
        self.wait(lambda: self.row("routes", "dead")[1] == "open", "the service is back")
        self.assertRegex(self.row("routes", "dead")[7], r"^\d+\.\d ms$")
        self.bridge.ctl("drain", "--route", "echo", "--over", "10ms")
        self.wait(lambda: self.row("routes", "echo")[1:3] == ["draining", "0"], "the route is drained")
        self.wait(lambda: self.text("#range") == "none", "the session is gone")
        self.bridge.ctl("drain", "--over", "10ms")
        self.wait(lambda: self.text("#state") == "draining", "the bridge is drained")

    def test_sessions_are_filtered_and_paged(self):
        for _ in range(PAGE_SIZE + 3):
            self.sessions.open()
        self.sessions.open("/guarded", Authorization=f"Bearer {SECRET}")
        self.come_in()
        everyone = sorted(self.bridge.sessions())
        self.assertEqual(self.shown_sessions(), everyone[:PAGE_SIZE])
        self.assertEqual(self.text("#range"), f"1 to {PAGE_SIZE} of {len(everyone)}")
        self.browser.click("#next")
        self.wait(lambda: self.shown_sessions() == everyone[PAGE_SIZE:], "the second page")
        self.assertFalse(self.browser.element("#next").is_enabled())
        self.browser.click("#previous")
        self.wait(lambda: self.shown_sessions() == everyone[:PAGE_SIZE], "the first page again")
        self.assertFalse(self.browser.element("#previous").is_enabled())
        self.browser.run("arguments[0].value = '<b>guarded'; arguments[0].dispatchEvent(new Event('input', {bubbles: true}))",
                         self.browser.element("#route"))
        self.wait(lambda: self.text("#range") == "1 to 1 of 1", "of one route")
        self.browser.type("#identity", HOSTILE)
        self.wait(lambda: self.browser.texts("#sessions tr td:nth-child(4)") == [HOSTILE], "of one identity")
        self.browser.type("#client", "192.0.2.1")
        self.wait(lambda: self.text("#range") == "none", "of nobody")

    def test_a_page_whose_sessions_ended_is_left(self):
        for _ in range(PAGE_SIZE + 1):
            self.sessions.open()
        self.come_in()
        everyone = sorted(self.bridge.sessions())
        self.browser.click("#next")
        self.wait(lambda: self.shown_sessions() == everyone[PAGE_SIZE:], "the second page")
        self.bridge.ctl("kill", everyone[-1])
        self.wait(lambda: self.shown_sessions() == everyone[:PAGE_SIZE], "the first page")

    def test_names_stay_text(self):
        self.sessions.open("/guarded", Authorization=f"Bearer {SECRET}")
        self.come_in()
        session, = self.shown_sessions()
        self.assertEqual(self.row("sessions", session)[2:4], ["<b>guarded", HOSTILE])
        self.assertEqual(self.browser.texts("#routes th")[1], "<b>guarded")
        self.browser.click(self.button_of(session, "details"))
        self.assertIn(HOSTILE, self.browser.texts("#details dd"))
        self.browser.click("#details-end")
        self.assertIn(HOSTILE, self.text("#confirm-text"))
        self.assertEqual(self.browser.run("return [document.images.length, document.querySelectorAll('b').length]"), [1, 0])
        self.assertIsNone(self.browser.run("return window.hurt"))

    # --- What can be done

    def test_a_session_ends_only_after_a_word_of_confirmation(self):
        victim, other = self.sessions.open(), self.sessions.open()
        self.sessions.echoes(victim, b"a victim")
        self.come_in()
        its_id, = [name for name, each in self.bridge.sessions().items() if each["up_bytes"]]
        self.browser.click(self.button_of(its_id, "danger"))
        self.wait(lambda: self.browser.is_shown("#confirm"), "it asks")
        self.assertIn(its_id, self.text("#confirm-text"))
        self.assertEqual(self.browser.focused(), "confirm-cancel")
        self.browser.click("#confirm-cancel")
        self.assertFalse(self.browser.is_shown("#confirm"))
        self.assertTrue(self.sessions.echoes(victim, b"alive"))
        self.browser.click(self.button_of(its_id, "danger"))
        self.browser.element("#confirm").send_keys(Keys.ESCAPE)
        self.wait(lambda: not self.browser.is_shown("#confirm"), "Escape is a no")
        self.assertTrue(self.sessions.echoes(victim, b"alive"))
        self.browser.click(self.button_of(its_id, "danger"))
        self.browser.click("#confirm-end")
        self.assertEqual(self.sessions.close_code(victim), (1008, "killed"))
        self.wait(lambda: self.text("#said") == f"Session {its_id} was ended.", "it says so")
        self.wait(lambda: its_id not in self.shown_sessions(), "its row is gone")
        self.assertTrue(self.sessions.echoes(other, b"unharmed"))

    def test_details_of_a_session_live_and_die_with_it(self):
        session = self.sessions.open()
        self.come_in()
        its_id, = self.shown_sessions()
        self.browser.click(self.button_of(its_id, "details"))
        self.assertEqual(self.text("#details-title"), f"Session {its_id}")
        fields = dict(zip(self.browser.texts("#details dt"), self.browser.texts("#details dd")))
        self.assertEqual(fields["origin"], ORIGIN)
        self.assertEqual(sorted(fields), sorted(name.replace("_", " ") for name in self.bridge.sessions()[its_id]))
        self.sessions.echoes(session, b"x" * 2048)
        self.wait(lambda: "2.0 KiB (2,048)" in self.browser.texts("#details dd"), "they are looked at anew")
        self.bridge.ctl("kill", its_id)
        self.wait(lambda: self.browser.is_shown("#details-over"), "it says that it is over")
        self.assertFalse(self.browser.is_shown("#details-end"))
        self.browser.click("#details-close")
        self.assertFalse(self.browser.is_shown("#details"))

    # --- When something is amiss

    def test_a_restart_of_the_daemon_is_shown_and_gone_through(self):
        self.sessions.open()
        self.come_in()
        self.bridge.stop()
        self.wait(lambda: self.text("#state") == "out of reach", "it says so")
        self.wait(lambda: "the daemon does not answer. Trying again every 4 s" in self.text("#trouble"), "it tries more and more rarely")
        self.assertEqual(len(self.shown_sessions()), 1)
        self.bridge.start()
        self.wait(lambda: self.text("#state") == "ready", "it is back")
        self.assertFalse(self.browser.is_shown("#trouble"))
        self.assertEqual(self.text("#range"), "none")
        # Another token: it asks.
        (self.bridge.directory / "admin.token").write_text("f" * 32 + "\n", encoding="utf-8")
        self.bridge.ctl("reload")
        self.wait(lambda: self.browser.is_shown("#ask"), "it asks for the new token")

    def test_a_hidden_page_asks_nothing(self):
        script = self.browser.before_each_page("""
            window.pending = new Set();
            window.asking = 0;
            const [set, clear, ask] = [window.setTimeout, window.clearTimeout, window.fetch];
            window.setTimeout = (work, ...rest) => {
              const timer = set(() => { pending.delete(timer); work(); }, ...rest);
              pending.add(timer);
              return timer;
            };
            window.clearTimeout = (timer) => { pending.delete(timer); clear(timer); };
            window.fetch = (...all) => { ++asking; return ask(...all).finally(() => { --asking; }); };
            Object.defineProperty(document, "hidden", {get: () => window.isHidden === true});
        """)
        self.addCleanup(self.browser.forget, script)
        self.come_in()
        self.wait(lambda: self.browser.run("return pending.size") == 1, "it will look again")
        hide = "window.isHidden = arguments[0]; document.dispatchEvent(new Event('visibilitychange'))"
        self.browser.run(hide, True)
        self.wait(lambda: self.browser.run("return asking") == 0, "it is done with what it asked")
        self.assertEqual(self.browser.run_async("new Promise((done) => requestAnimationFrame(() => done(pending.size)))"), 0)
        self.sessions.open()
        self.browser.run(hide, False)
        self.wait(lambda: len(self.shown_sessions()) == 1, "it looks at once when it is shown again")
        self.wait(lambda: self.browser.run("return pending.size") == 1, "and goes on")

    # --- For everybody

    def test_everything_that_can_be_used_has_a_name(self):
        self.sessions.open()
        self.come_in()
        self.wait(lambda: len(self.shown_sessions()) == 1, "the session is shown")
        usable = {"button", "textbox", "searchbox", "combobox", "table", "region", "dialog", "search", "navigation"}
        told = self.browser.accessibility()
        self.assertEqual([role for role, name in told if role in usable and not name.strip()], [])
        self.assertIn(("button", f"End session {self.shown_sessions()[0]}"), told)
        self.browser.click("#sessions button.details")
        self.assertIn(("dialog", self.text("#details-title")), self.browser.accessibility())

    def test_a_keyboard_is_enough(self):
        session = self.sessions.open()
        self.come_in()
        its_id, = self.shown_sessions()
        button = self.browser.element(self.button_of(its_id, "danger"))
        self.browser.run("arguments[0].focus()", button)
        # Looks do not take the focus away.
        first = self.text("#facts")
        self.wait(lambda: self.text("#facts") != first, "another look")
        self.assertEqual(self.browser.driver.switch_to.active_element, button)
        button.send_keys(Keys.ENTER)
        self.wait(lambda: self.browser.is_shown("#confirm"), "it asks")
        self.browser.driver.switch_to.active_element.send_keys(Keys.TAB)
        self.wait(lambda: self.browser.focused() == "confirm-end", "the button that does it")
        self.browser.driver.switch_to.active_element.send_keys(Keys.ENTER)
        self.assertEqual(self.sessions.close_code(session), (1008, "killed"))

    def test_it_fits_on_a_desk_and_in_a_hand_by_day_and_by_night(self):
        self.browser.open(self.bridge.url())
        self.browser.screenshot(SCREENSHOTS / "token.png")
        self.come_in()
        crowd = [self.sessions.open() for _ in range(12)]
        self.sessions.open("/guarded", Authorization=f"Bearer {SECRET}")
        for path in ("/dead", "/nosuch", "/nosuch", "/guarded"):
            self.sessions.refused(path)
        for size in (1 << 12, 1 << 18, 1 << 16, 1 << 20, 1 << 14):
            for session in crowd:
                self.sessions.echoes(session, b"x" * size)
            points = self.browser.element("#throughput polyline").get_attribute("points")
            self.wait(lambda: self.browser.element("#throughput polyline").get_attribute("points") != points, "another look")
        self.wait(lambda: len(self.shown_sessions()) == 13, "all are shown")
        session = self.shown_sessions()[-1]
        for name, width, height, scheme in [("desktop", 1280, 800, "light"), ("desktop-dark", 1280, 800, "dark"),
                                            ("phone", 390, 844, "light"), ("phone-dark", 390, 844, "dark")]:
            self.browser.prefer(prefers_color_scheme=scheme)
            self.browser.resize(width, height, mobile=width < 500)
            self.browser.screenshot(SCREENSHOTS / f"{name}.png")
            # Whatever is wider would make a phone show it smaller.
            self.assertEqual(self.browser.run("return [innerWidth, document.documentElement.scrollWidth <= innerWidth]"), [width, True])
            self.browser.run("document.querySelector('#sessions').scrollIntoView({block: 'center'})")
            self.browser.screenshot(SCREENSHOTS / f"{name}-sessions.png")
            self.browser.run("arguments[0].click()", self.browser.element(self.button_of(session, "details")))
            self.browser.screenshot(SCREENSHOTS / f"{name}-details.png")
            self.browser.click("#details-end")
            self.browser.screenshot(SCREENSHOTS / f"{name}-confirm.png")
            self.browser.click("#confirm-cancel")
            self.browser.click("#details-close")
            self.browser.run("scrollTo(0, 0)")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)

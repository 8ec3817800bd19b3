"""client/drawbridge.js in Chromium and Firefox, and that docs/browsers.md says what they really do.
Usage: browsers_test.py SOURCES DRAWBRIDGE
"""

import json
import re
import sys
import unittest
from pathlib import Path

sys.path.insert(1, str(Path(__file__).resolve().parents[1] / "e2e"))

import firefox
from bridge import Bridge
from chromium import Chromium
from docs_test import DRAWBRIDGE, SOURCES, tables

PATIENCE = 120  # seconds, for all scenarios
PAGE = SOURCES / "docs/browsers.md"

# As names of facts.mjs and as docs/browsers.md has them.
OUTCOMES = {
    "refused by a status": "a refusal with a status",
    "foreign origin": "a foreign origin",
    "nobody listens": "nobody listens",
    "refused by a Close": "a refusal with `rejection: close`",
    "full": "the same with a delay",
    "no subprotocol in common": "no subprotocol in common",
    "a credential alone": "a credential as the only subprotocol",
    "the end: bye": "the service ends",
    "the end: reset": "the service breaks off",
    "the end: killed": "an operator ends the session",
    "the end: drained": "a drain",
    "its own code": "`close(4321, \"mine\")` of the page itself",
    "closed before it is open": "`close()` before `open`",
}
VALUES = {
    "a page that goes away": ["client_closed", 1001],
    "the one in common": "binary",
    "a subprotocol twice": "SyntaxError",
    "a subprotocol with a blank": "SyntaxError",
    "a fragment": "SyntaxError",
    "http:": None,
    "a relative address": None,
    "codes a page may send": [1000, 3000, 4000, 4999],
    "a longer reason than 123 bytes": "SyntaxError",
    "messages after close()": 0,
    "it grows by what is sent, within the task": True,
    "a text counts in bytes of UTF-8": 2,
    "bytes before close() arrive": True,
    "send() after the end only counts": 1000,
    "send() before it is open": "InvalidStateError",
    "binaryType by default": "blob",
    "TCPSocket": False,
}


def shown(outcome):
    """As a cell of the page."""
    *events, code, reason, clean = outcome
    words = [*(f"`{event}`" for event in events), f"{code}" + (f" `{reason}`" if reason else "")]
    return ", ".join(words) + ("" if clean else ", not clean")


class Browser:
    """What is the same for each."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.bridge = Bridge(SOURCES, DRAWBRIDGE)
        cls.addClassCleanup(cls.bridge.close)

    def address(self, run):
        return f"{self.bridge.origin}/tests/client/page.html?bridge=ws://127.0.0.1:{self.bridge.port}&run={run}"

    def test_every_scenario(self):
        results = self.run_page("scenarios")
        self.assertGreater(len(results), 25)
        for name, error in results.items():
            with self.subTest(name):
                self.assertIsNone(error, error)

    def test_the_facts_are_those_of_the_page(self):
        facts = self.run_page("facts")
        self.assertEqual({name: facts.pop(name) for name in VALUES if name in facts}, VALUES)
        self.assertEqual(facts.pop("WebSocketStream"), self.HAS_STREAM)
        rows = {row[0]: row[self.COLUMN] for head, rows in tables(PAGE) if head[1:] == ["Chromium", "Firefox"] for row in rows}
        told = {name: shown(outcome) if isinstance(outcome, list) else outcome for name, outcome in facts.items()}
        self.assertEqual({OUTCOMES.get(name, name): outcome for name, outcome in told.items()}, rows)


class InChromium(Browser, unittest.TestCase):
    COLUMN, HAS_STREAM = 1, True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.browser = Chromium(slow_when_hidden=True)
        cls.addClassCleanup(cls.browser.close)

    def run_page(self, run):
        self.browser.open(self.address(run))
        return self.bridge.told.get(timeout=PATIENCE)


    def test_its_console_knows_the_status(self):
        self.browser.console()
        self.run_page("facts")
        said = "\n".join(self.browser.console())
        self.assertRegex(said, r"/nowhere' failed: .*Unexpected response code: 404")
        self.assertRegex(said, r"/foreign' failed: .*Unexpected response code: 403")
        self.assertRegex(said, r"'ws://127.0.0.1:9/' failed: .*net::ERR_UNSAFE_PORT")

    def test_a_page_that_somebody_left_keeps_its_socket(self):
        def sessions():
            return json.loads(self.bridge.ctl("sessions", "--route", "left", "--json"))["sessions"]

        def go_elsewhere(more=""):
            self.browser.open(self.address("scenarios&only=nothing"))
            self.bridge.told.get(timeout=PATIENCE)
            self.bridge.ended["left"].queue.clear()
            self.assertEqual(self.browser.run_async(f"""new Promise((opened) => {{
                window.socket = new WebSocket("ws://127.0.0.1:{self.bridge.port}/left");
                socket.onopen = () => opened("open");
                window.over = new Promise((closed) => {{ socket.onclose = ({{ code }}) => closed(code); }});
                {more}
            }})"""), "open")
            self.browser.open("about:blank")

        go_elsewhere()
        self.assertEqual(len(sessions()), 1)
        self.browser.driver.back()
        self.assertEqual(self.browser.run_async("over"), 1006)
        self.assertEqual(self.bridge.ended["left"].get(timeout=PATIENCE)["code"], 1001)
        go_elsewhere("addEventListener('pagehide', () => socket.close());")
        self.assertEqual(self.bridge.ended["left"].get(timeout=PATIENCE)["reason"], "client_closed")

    def test_timers_of_a_hidden_page_take_a_second_and_messages_do_not(self):
        self.browser.open(self.address("hidden"))
        first = self.browser.driver.current_window_handle
        self.browser.driver.switch_to.new_window("tab")
        told = self.bridge.told.get(timeout=PATIENCE)
        self.browser.driver.close()
        self.browser.driver.switch_to.window(first)
        self.assertLess(told["after"], 5000)
        self.assertTrue(all(500 < timer < 1500 for timer in told["timers"]), told)
        self.assertEqual(told["messages"], 100)
        self.assertLess(told["inWorker"], 500)


@unittest.skipUnless(firefox.found(), "skipped: no Firefox (apt install firefox-esr)")
class InFirefox(Browser, unittest.TestCase):
    COLUMN, HAS_STREAM = 2, False

    def run_page(self, run):
        browser = firefox.Firefox(self.address(run))
        try:
            return self.bridge.told.get(timeout=PATIENCE)
        finally:
            browser.close()


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)

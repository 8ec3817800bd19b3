"""The page of `./dev demo` in two real Chromiums, with the real daemon and the services of examples/demo.
Usage: demo_test.py SOURCES DRAWBRIDGE SCREENSHOTS

Pictures of it land in the folder SCREENSHOTS, for people to look at; demo.png is the one of the README.
"""

import asyncio
import sys
import unittest
from pathlib import Path

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from chromium import Chromium
from demo import LINKS, Crowd, Demo

SOURCES, DRAWBRIDGE, SCREENSHOTS = (Path(argument).resolve() for argument in sys.argv[1:4])
HOSTILE = "<img src=x onerror=hurt=1>"


class DemoPage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.ada, cls.bob = Chromium(trusting=True), Chromium(trusting=True)
        cls.addClassCleanup(cls.ada.close)
        cls.addClassCleanup(cls.bob.close)

    def setUp(self):
        self.demo = Demo(SOURCES, DRAWBRIDGE)
        self.addCleanup(self.demo.close)
        self.crowd = Crowd(self.demo)
        self.addCleanup(self.crowd.close)
        for browser in (self.ada, self.bob):
            self.addCleanup(browser.open, "about:blank")
            browser.resize(1280, 800)
            browser.prefer()
            browser.console()

    def come_in(self, browser, name):
        script = browser.before_each_page(f"sessionStorage.setItem('name', '{name}')")
        browser.open(self.demo.url)
        browser.forget(script)
        self.wait_connected(browser)
        browser.wait(lambda: f"{name} (you)" in browser.texts("#arena li span"), f"{name} plays")
        browser.wait(lambda: name in browser.texts(".people")[0], f"{name} is in the room")

    def wait_connected(self, browser):
        browser.wait(lambda: browser.texts("#strip .state") == ["connected"] * 4, "everything is connected")

    def said(self, browser):
        return browser.texts("#chat [role=log] p:not(.aside)")

    def players(self, browser):
        return [name.removesuffix(" (you)") for name in browser.texts("#arena li span")]

    def output(self, browser):
        return browser.texts("#shell [role=log] p")

    def place(self, watcher, name):
        """Where that player is in the arena, told anew."""
        return self.crowd.do(watcher.look())[1][self.number(name)]

    def number(self, name):
        watcher = self.crowd.come("/arena")
        while True:
            _, number, _, its = self.crowd.hear(watcher, "player ").split()
            if its == name:
                return int(number)

    # --- Two browsers meet

    def test_two_browsers_meet(self):
        self.come_in(self.ada, "ada")
        self.come_in(self.bob, "bob")
        for browser in (self.ada, self.bob):
            browser.wait(lambda: browser.texts(".people") == ["2 here: ada, bob"], "both are here")
            browser.wait(lambda: {"ada", "bob"} <= set(self.players(browser)), "both play")
        self.ada.type("#chat-text", f"hello {HOSTILE}" + Keys.ENTER)
        self.bob.wait(lambda: self.said(self.bob) == [f"ada hello {HOSTILE}"], "bob hears ada")
        self.bob.type("#chat-text", "good morning" + Keys.ENTER)
        self.ada.wait(lambda: self.said(self.ada)[1:] == ["bob good morning"], "ada hears bob")
        self.assertEqual(self.ada.element("#chat-text").get_attribute("value"), "")
        self.bob.open("about:blank")
        self.ada.wait(lambda: self.ada.texts(".people") == ["1 here: ada"], "bob has left the room")
        self.ada.wait(lambda: "bob" not in self.ada.texts("#arena li span"), "and the arena")
        self.bob.driver.back()
        self.wait_connected(self.bob)
        self.ada.wait(lambda: self.ada.texts(".people") == ["2 here: ada, bob"], "bob is back")
        for browser in (self.ada, self.bob):
            self.assertIsNone(browser.run("return window.hurt"))

    def test_a_name_that_is_taken_is_told(self):
        self.crowd.hear(self.crowd.come("/chat", "name ada"), "you ada")
        self.ada.open(self.demo.url)
        self.wait_connected(self.ada)
        self.ada.type("#name", "ada" + Keys.ENTER)
        self.ada.wait(lambda: "ada, ada-2" in self.ada.texts(".people")[0], "it is ada-2")

    def test_it_breaks_no_rule_of_its_own_and_asks_nobody_else(self):
        self.come_in(self.ada, "ada")
        self.assertEqual(self.ada.console(), [])
        asked = self.ada.run("return performance.getEntriesByType('resource').map((each) => each.name)")
        self.assertGreater(len(asked), 8)
        self.assertEqual([url for url in asked if not url.startswith(self.demo.url + "/")], [])

    # --- The strip

    def test_the_strip_shows_round_trips_and_bytes(self):
        self.come_in(self.ada, "ada")
        for link in LINKS:
            self.ada.wait(lambda: self.ada.texts(f"[data-link={link}] .round-trip")[0].endswith(" ms"), f"{link} has a round trip")
        self.ada.wait(lambda: "KiB, " in self.ada.texts("#strip .down")[0], "bytes are counted")
        self.assertEqual(self.ada.texts("#strip [role=status]"), ["All services are connected."])

    def test_a_bridge_that_is_killed_and_comes_back_is_gone_through(self):
        self.come_in(self.ada, "ada")
        self.ada.type("#chat-text", "before" + Keys.ENTER)
        self.ada.wait(lambda: self.said(self.ada) == ["ada before"], "it is said")
        self.demo.kill_bridge()
        self.ada.wait(lambda: self.ada.texts("#strip .state") == ["reconnecting"] * 4, "it says so")
        self.assertIn("chat is reconnecting", self.ada.texts("#strip [role=status]")[0])
        self.assertIn("The connection is lost.", self.output(self.ada))
        self.demo.start_bridge()
        self.wait_connected(self.ada)
        self.ada.wait(lambda: self.ada.texts(".people") == ["1 here: ada"], "once in the room, by the same name")
        self.ada.wait(lambda: sorted(self.ada.texts("#arena li span")) == ["ada (you)", "fern", "moss"], "once in the arena")
        self.ada.type("#chat-text", "still here" + Keys.ENTER)
        self.ada.wait(lambda: self.said(self.ada) == ["ada before", "ada still here"], "it can speak")
        self.ada.wait(lambda: self.rate(self.ada) >= 150, "the feed goes on")

    # --- The dashboard

    def rate(self, browser):
        return int(browser.texts("#ticker .rate")[0].removesuffix(" values/s") or 0)

    def picture(self, browser, panel):
        return browser.run("return document.querySelector(arguments[0]).toDataURL()", f"#{panel} canvas")

    def test_the_dashboard_shows_200_values_a_second(self):
        self.come_in(self.ada, "ada")
        self.ada.wait(lambda: 150 <= self.rate(self.ada) <= 250, "their number")
        wanted = self.ada.run("""
            const style = getComputedStyle(document.querySelector("#ticker canvas"));
            const colours = [0, 1, 2, 3].map((i) => style.getPropertyValue(`--series-${i}`));
            return colours.map((colour) => colour.match(/\\w\\w/g).map((each) => parseInt(each, 16)).join());
        """)
        drawn = self.ada.run("""
            const canvas = document.querySelector("#ticker canvas");
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            const counts = {};
            for (let i = 0; i < data.length; i += 4) {
              const colour = data.slice(i, i + 3).join();
              if (data[i + 3] === 255) counts[colour] = (counts[colour] ?? 0) + 1;
            }
            return counts;
        """)
        for colour in wanted:
            self.assertGreater(drawn.get(colour, 0), 200)
        legend = self.ada.texts(".legend li")
        self.assertEqual([line.split()[0] for line in legend], ["OAK", "ELM", "ASH", "YEW"])
        described = "return document.querySelector('#ticker canvas').ariaLabel"
        self.ada.wait(lambda: "OAK 1" in self.ada.run(described), "it is told in words")
        self.assertRegex(self.ada.run(described), r"^Prices of the last 15 seconds\. OAK \d+\.\d\d, (up|down) \d+\.\d\d; .*\.$")

    def test_the_dashboard_can_be_paused(self):
        self.come_in(self.ada, "ada")
        frame = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
        first = self.picture(self.ada, "ticker")
        self.ada.wait(lambda: self.picture(self.ada, "ticker") != first, "it moves")
        self.ada.click("#ticker button")
        still = None
        for _ in range(200):  # the scale of the chart comes to rest
            self.ada.run_async(frame)
            before, still = still, self.picture(self.ada, "ticker")
            if before == still:
                break
        self.assertEqual(before, still)
        self.assertEqual(self.ada.texts("#ticker button"), ["Go on"])
        self.ada.click("#ticker button")
        self.ada.wait(lambda: self.picture(self.ada, "ticker") != still, "it goes on")

    def test_whoever_wants_less_motion_gets_less(self):
        script = self.ada.before_each_page("""
            window.drawn = {};
            const clear = CanvasRenderingContext2D.prototype.clearRect;
            CanvasRenderingContext2D.prototype.clearRect = function (...area) {
              const panel = this.canvas.closest("section").id;
              drawn[panel] = (drawn[panel] ?? 0) + 1;
              clear.apply(this, area);
            };
        """)
        self.addCleanup(self.ada.forget, script)
        for preference, least, most in [("no-preference", 0.9, 1), ("reduce", 0, 0.5)]:
            with self.subTest(preference):
                self.ada.prefer(prefers_reduced_motion=preference)
                self.ada.open(self.demo.url)
                self.wait_connected(self.ada)
                self.ada.wait(lambda: self.ada.run("return drawn.arena") > 60, "the game goes on")
                drawn = self.ada.run("return drawn")
                self.assertTrue(least <= drawn["ticker"] / drawn["arena"] <= most, drawn)

    # --- The terminal

    def test_the_terminal_answers(self):
        self.come_in(self.ada, "ada")
        self.ada.type("#shell-line", f"echo {HOSTILE}" + Keys.ENTER)
        self.ada.wait(lambda: self.output(self.ada)[-2:] == [f"› echo {HOSTILE}", HOSTILE], "it answers")
        self.ada.type("#shell-line", "count 100000" + Keys.ENTER)
        self.ada.wait(lambda: self.output(self.ada)[-1] == "100000", "a long answer arrives")
        self.assertEqual(self.output(self.ada)[-3:], ["99998", "99999", "100000"])
        self.assertEqual(len(self.output(self.ada)), 500)
        below = """
            const { scrollHeight, scrollTop, clientHeight } = document.querySelector("#shell [role=log]");
            return Math.round(scrollHeight - scrollTop - clientHeight);
        """
        self.assertLess(self.ada.run(below), 2)
        # Whoever reads what is above is left there.
        self.ada.run_async("""new Promise((done) => {
            const log = document.querySelector("#shell [role=log]");
            log.addEventListener("scroll", done, { once: true });
            log.scrollTop = 0;
        })""")
        self.ada.type("#shell-line", "echo below" + Keys.ENTER)
        self.ada.wait(lambda: self.output(self.ada)[-1] == "below", "it answers")
        self.assertGreater(self.ada.run(below), 1000)
        line = self.ada.element("#shell-line")
        for key, expected in [(Keys.ARROW_UP, "echo below"), (Keys.ARROW_UP, "count 100000"),
                              (Keys.ARROW_UP, f"echo {HOSTILE}"), (Keys.ARROW_UP, f"echo {HOSTILE}"),
                              (Keys.ARROW_DOWN, "count 100000"), (Keys.ARROW_DOWN, "echo below"), (Keys.ARROW_DOWN, "")]:
            line.send_keys(key)
            self.assertEqual(line.get_attribute("value"), expected)
        self.assertIsNone(self.ada.run("return window.hurt"))

    def test_the_terminal_ends_and_begins_again(self):
        self.come_in(self.ada, "ada")
        self.ada.type("#shell-line", "bye" + Keys.ENTER)
        self.ada.wait(lambda: self.ada.texts("[data-link=shell] .state") == ["ended"], "it is over")
        self.ada.wait(lambda: "Enter connects again" in self.output(self.ada)[-1], "it says so")
        self.ada.element("#shell-line").send_keys(Keys.ENTER)
        self.wait_connected(self.ada)
        self.ada.type("#shell-line", "bye" + Keys.ENTER)
        self.ada.click("[data-link=shell] button")
        self.wait_connected(self.ada)
        self.assertFalse(self.ada.is_shown("[data-link=shell] button"))
        self.ada.type("#shell-line", "echo again" + Keys.ENTER)
        self.ada.wait(lambda: self.output(self.ada)[-1] == "again", "it answers")

    # --- The arena

    def test_keys_and_pointer_move_a_player(self):
        self.come_in(self.ada, "ada")
        watcher = self.crowd.come("/arena")
        number = self.number("ada")

        async def until(true):
            place = (await watcher.look())[1][number]
            while True:
                before, place = place, (await watcher.look())[1][number]
                if true(before, place):
                    return place

        self.ada.run("document.querySelector('#arena canvas').focus()")
        ways = [(Keys.ARROW_RIGHT, lambda a, b: b[0] > a[0] and b[1] == a[1]), ("a", lambda a, b: b[0] < a[0] and b[1] == a[1]),
                (Keys.ARROW_UP, lambda a, b: b[1] < a[1]), ("s", lambda a, b: b[1] > a[1])]
        x, y = self.crowd.do(until(lambda a, b: a == b))
        if x > 480:  # away from the walls first
            ways[0:2] = ways[1::-1]
        if y < 270:
            ways[2:4] = ways[3:1:-1]
        for key, moves in ways:
            ActionChains(self.ada.driver).key_down(key).perform()
            self.crowd.do(until(moves))
            ActionChains(self.ada.driver).key_up(key).perform()
            self.crowd.do(until(lambda a, b: a == b))
        canvas = self.ada.element("#arena canvas")
        x, y = self.crowd.do(until(lambda a, b: a == b))
        goal = 1 if x < 480 else -1  # towards the farther side
        ActionChains(self.ada.driver).move_to_element_with_offset(canvas, goal * 100, 0).click_and_hold().perform()
        self.crowd.do(until(lambda a, b: a == b and abs(b[1] - 270) < 40 and (b[0] - 480) * goal > 0))
        ActionChains(self.ada.driver).release().perform()
        # A key that is held when the field loses the focus is let go.
        ActionChains(self.ada.driver).key_down("w").perform()
        self.crowd.do(until(lambda a, b: b[1] < a[1]))
        self.ada.run("document.querySelector('#name').focus()")
        self.assertGreater(self.crowd.do(until(lambda a, b: a == b))[1], 24)  # and not at the wall

    def test_twenty_players_see_each_other_in_every_period(self):
        self.come_in(self.ada, "ada")
        self.come_in(self.bob, "bob")
        players = [self.crowd.come("/arena", f"join p{i}") for i in range(18)]
        numbers = {int(self.crowd.hear(player, "you ").split()[1]) for player in players}
        numbers |= {self.number("ada"), self.number("bob")}
        self.assertEqual(len(numbers), 20)

        async def play(player, looks):
            seen = []
            for i in range(looks):
                await player.send(f"go {(-100, 100)[i // 10 % 2]} {(-100, 0, 100)[i % 3]}")
                seen.append(await player.look())
            return seen

        async def all_play():
            for player in players:  # what was before all were there is over
                await player.send("ping now")
                await player.until("pong now")
            return await asyncio.gather(*(play(player, 60) for player in players))

        for seen in self.crowd.do(all_play()):
            periods = [period for period, _ in seen]
            self.assertEqual(periods, list(range(periods[0], periods[0] + 60)))
            self.assertTrue(all(numbers <= set(places) for _, places in seen))
        for browser in (self.ada, self.bob):
            self.assertEqual(browser.texts("#arena .more"), ["and 14 more"])
            self.assertEqual(browser.texts("#strip .state"), ["connected"] * 4)

    # --- For everybody

    def test_everything_that_can_be_used_has_a_name(self):
        self.come_in(self.ada, "ada")
        usable = {"button", "textbox", "region", "application", "log", "list", "img", "image", "Canvas", "status"}
        told = self.ada.accessibility()
        nameless = [role for role, name in told if role in usable - {"list", "status", "image"} and not name.strip()]
        self.assertEqual(nameless, [])
        for wanted in [("region", "Connections"), ("region", "Chat"), ("region", "Dashboard"), ("region", "Arena"),
                       ("region", "Terminal"), ("textbox", "Your name"), ("textbox", "Say something"), ("textbox", "› Command"),
                       ("application", "Arena"), ("log", "What is said"), ("log", "Output"), ("button", "Send"),
                       ("button", "Pause"), ("button", "Change")]:
            self.assertIn(wanted, told)

    def test_a_keyboard_is_enough(self):
        self.come_in(self.ada, "ada")
        self.ada.open(self.demo.url)  # from the beginning of the page
        self.wait_connected(self.ada)
        stops = []
        while len(stops) < 30:
            ActionChains(self.ada.driver).send_keys(Keys.TAB).perform()
            stop = self.ada.run("""
                const its = document.activeElement;
                const shown = getComputedStyle(its).outlineStyle !== "none";
                return [its.id || its.closest("section[id], form[id]")?.id + " " + its.localName, shown];
            """)
            if stop[0].endswith("body") or stops and stop == stops[0]:
                break
            stops.append(stop)
        self.assertEqual([stop for stop, _ in stops],
                         ["name", "who button", "chat div", "chat-text", "chat button", "ticker button", "arena canvas", "shell div",
                          "shell-line"])
        self.assertTrue(all(shown for _, shown in stops), stops)

    def test_it_fits_on_a_desk_and_in_a_hand_by_day_and_by_night(self):
        friends = [self.crowd.come("/chat", f"name {name}") for name in ("bob", "grace", "linus")]
        lines = ["Good morning! Who put a browser on my chat server?", "It was a plain TCP service yesterday.",
                 "It still is. Nobody told it about WebSocket.", "And the bytes?",
                 "All of them, in order. Umlaute as well: Zwölf Boxkämpfer."]
        for friend, line in zip(friends + friends, lines):
            self.crowd.say(friend, f"say {line}")
            self.crowd.hear(friend, "said ")
        self.come_in(self.ada, "merry-otter")
        self.crowd.say(friends[0], "say Race you in the arena!")
        self.ada.wait(lambda: self.said(self.ada)[-1] == "bob Race you in the arena!", "it is heard")
        self.ada.type("#chat-text", "Catch me if you can" + Keys.ENTER)
        players = [self.crowd.come("/arena", f"join {name}") for name in ("bob", "grace", "linus", "ada", "ken")]
        for line in ["help", "fortune", "count 3", "date"]:
            self.ada.type("#shell-line", line + Keys.ENTER)
            self.ada.wait(lambda: f"› {line}" in self.output(self.ada)[:-1], "it answers")
        own = [int(self.crowd.hear(player, "you ").split()[1]) for player in players]

        async def wander(player, number, looks):
            towards = [(100, 30), (-40, 100), (-100, -60), (20, -100), (70, 70)]
            for i in range(looks):
                dx, dy = towards[(number + i // 12) % len(towards)]
                await player.send(f"go {dx} {dy}")
                await player.look()

        async def all_wander():
            await asyncio.gather(*(wander(player, number, 120) for player, number in zip(players, own)))

        self.crowd.do(all_wander())
        for name, width, height, scheme in [("demo", 1280, 800, "light"), ("demo-dark", 1280, 800, "dark"),
                                            ("demo-phone", 360, 740, "light"), ("demo-phone-dark", 360, 740, "dark")]:
            self.ada.prefer(prefers_color_scheme=scheme)
            self.ada.resize(width, height, mobile=width < 500)
            # The canvas follows with the next frames.
            self.ada.run_async("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
            self.ada.screenshot(SCREENSHOTS / f"{name}.png")
            self.assertEqual(self.ada.run("return [innerWidth, document.documentElement.scrollWidth <= innerWidth]"),
                             [width, True])
            if width > 500:
                self.assertEqual(self.ada.run("return document.documentElement.scrollHeight"), height)
                continue
            for panel in ("ticker", "arena", "shell"):
                self.ada.run("document.getElementById(arguments[0]).scrollIntoView()", panel)
                self.ada.run_async("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
                self.ada.screenshot(SCREENSHOTS / f"{name}-{panel}.png")
            self.ada.run("scrollTo(0, 0)")
        self.assertLess((SCREENSHOTS / "demo.png").stat().st_size, 300_000)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)

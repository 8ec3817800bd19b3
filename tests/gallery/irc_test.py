"""examples/irc with a real ngircd and two Chromiums. Usage: irc_test.py SOURCES DRAWBRIDGE BUILD"""

import socket

import gallery

# What irc.js is to make of lines, however they are cut.
LINES = r"""
(async () => {
  const { lines, message, parse, pieces } = await import("/irc.js");
  const wire = new TextEncoder().encode(
    ":bob!~web@host PRIVMSG #bridge :grüße: 🌉 :)\r\nPING :irc.example.org\r\n:irc.example.org 353 bob = #bridge :@alice bob\r\n" +
    "@time=x :a!b@c JOIN #bridge\n\r\n:s 001 bob :Welcome  home\r\nrest");
  const read = async (...chunks) => {
    const found = [];
    const readable = new ReadableStream({ start(c) { chunks.forEach((each) => c.enqueue(each)); c.close(); } });
    for await (const line of lines(readable)) found.push(line);
    return JSON.stringify(found);
  };
  const whole = await read(wire);
  const different = [];
  for (let at = 0; at <= wire.length; ++at) {
    if (await read(wire.subarray(0, at), wire.subarray(at)) !== whole) different.push(at);
  }
  if (await read(...[...wire].map((byte) => Uint8Array.of(byte))) !== whole) different.push("bytes");
  const long = pieces("🌉".repeat(250));
  return [JSON.parse(whole).map(parse), different, new TextDecoder().decode(message("PRIVMSG", "#a", "x\r\nQUIT")),
          long.map((each) => new TextEncoder().encode(each).length), long.join("") === "🌉".repeat(250)];
})()
"""
MEANT = [{"from": "bob", "command": "PRIVMSG", "params": ["#bridge", "grüße: 🌉 :)"]},
         {"from": None, "command": "PING", "params": ["irc.example.org"]},
         {"from": "irc.example.org", "command": "353", "params": ["bob", "=", "#bridge", "@alice bob"]},
         {"from": "a", "command": "JOIN", "params": ["#bridge"]},
         {"command": "", "params": []},
         {"from": "s", "command": "001", "params": ["bob", "Welcome  home"]}]
CROWD = 8


class Irc(gallery.Entry):
    NAME = "irc"
    PORTS = (6667,)

    @classmethod
    def prepare(cls):
        cls.service = cls.run_command("ngircd", "Now listening on")
        cls.second = gallery.Chromium(names=["localhost"])
        cls.addClassCleanup(cls.second.close)

    def tearDown(self):
        """The next test finds nobody there."""
        for browser in self.both():
            browser.open("about:blank")
        said = self.service.said
        gallery.wait_until(lambda: sum(" registered (" in line for line in said) == sum(" unregistered (" in line for line in said),
                           "all have gone")

    def join(self, browser, nick, channel="#bridge"):
        browser.open(self.url)
        browser.type("#nick", nick)
        browser.type("#channel", channel)
        browser.click("#join button")
        browser.wait(lambda: browser.texts("#status") == ["connected"], f"{nick} is in")

    def open(self):
        self.join(self.browser, "alice")

    def say(self, browser, text):
        browser.element("#text").send_keys(text)
        browser.click("#talk button")

    @staticmethod
    def log(browser):
        """Without the times."""
        return browser.run("return [...document.querySelectorAll('#log p')].map((line) => [...line.childNodes].slice(2)"
                           ".map((each) => each.textContent).join(''))")

    def both(self):
        return (self.browser, self.second)

    def test_lines_however_they_are_cut(self):
        self.browser.open(self.url)
        meant, different, injected, sizes, whole = self.browser.run_async(LINES)
        self.assertEqual(meant, MEANT)
        self.assertEqual(different, [])
        self.assertEqual(injected, "PRIVMSG #a :x  QUIT\r\n")
        self.assertEqual((sizes, whole), ([400, 400, 200], True))

    def test_two_browsers_in_a_channel(self):
        self.join(self.browser, "alice")
        self.join(self.second, "bob")
        for browser in self.both():
            browser.wait(lambda browser=browser: browser.texts("#names li") == ["alice", "bob"], "both are there")
        self.say(self.browser, "grüße, <b>bob</b> :)")
        self.second.wait(lambda: self.log(self.second) == ["alice grüße, <b>bob</b> :)"], "it arrives")
        long = "a bridge is up until somebody is let in " * 25
        self.say(self.second, long)
        said = []

        def all_of_it():
            said[:] = [line.removeprefix("bob ") for line in self.log(self.browser) if line.startswith("bob ") and "has come" not in line]
            return sum(map(len, said)) >= len(long) - 3

        self.wait(all_of_it, "a message longer than a line of IRC")
        self.assertEqual(len(said), 3)
        self.assertEqual(self.log(self.browser)[:2], ["bob has come", "alice grüße, <b>bob</b> :)"])
        self.second.click("#leave")
        self.wait(lambda: self.browser.texts("#names li") == ["alice"], "bob is gone")
        self.assertEqual(self.log(self.browser)[-1], "bob has gone")
        self.second.wait(lambda: self.second.texts("#status") == ["not connected"], "and knows it")

    def test_a_closed_tab_is_gone(self):
        self.join(self.browser, "alice")
        self.join(self.second, "bob")
        self.wait(lambda: self.browser.texts("#names li") == ["alice", "bob"], "bob is there")
        self.second.open("about:blank")
        self.wait(lambda: self.browser.texts("#names li") == ["alice"], "bob is gone")

    def test_a_nick_that_is_taken(self):
        self.join(self.browser, "alice")
        self.join(self.second, "alice")
        self.wait(lambda: self.browser.texts("#names li") == ["alice", "alice_"], "another one")
        self.say(self.second, "me too")
        self.wait(lambda: self.log(self.browser)[-1] == "alice_ me too", "by that name")

    def test_users_of_other_programs(self):
        self.join(self.browser, "alice")
        with socket.create_connection(("127.0.0.1", self.ports[6667]), gallery.PATIENCE) as other:
            reader = other.makefile(encoding="utf-8")
            other.sendall(b"NICK carol\r\nUSER carol 0 * :carol\r\n")
            for line in reader:
                if line.startswith("PING"):
                    other.sendall(f"PONG{line[4:]}".encode())
                elif " 001 " in line:
                    other.sendall(b"JOIN #bridge\r\nTOPIC #bridge :bridges\r\n")
                elif " TOPIC " in line:
                    break
            self.wait(lambda: self.browser.texts("#names li") == ["alice", "carol"], "she is there")
            self.say(self.browser, "welcome")
            self.assertTrue(next(line for line in reader if " PRIVMSG " in line).endswith("PRIVMSG #bridge :welcome\n"))

    def test_more_of_them_than_ngircd_lets_in_from_one_address(self):
        self.browser.open(self.url)
        welcomed = self.browser.run_async(f"""(async () => {{
            const {{ DrawbridgeSocket }} = await import("/client/drawbridge.js");
            const {{ address }} = await import("/shared/connection.js");
            const {{ lines, message, parse }} = await import("/irc.js");
            const sockets = Array.from({{ length: {CROWD} }}, () => new DrawbridgeSocket(address("/irc")));
            const said = await Promise.all(sockets.map(async (socket, i) => {{
              const {{ readable, writable }} = await socket.opened;
              const writer = writable.getWriter();
              writer.write(message("NICK", `crowd${{i}}`));
              writer.write(message("USER", "web", "0", "*", "x"));
              for await (const line of lines(readable)) {{
                const {{ command, params }} = parse(line);
                if (command === "PING") writer.write(message("PONG", params[0]));
                if (command === "001") return "in";
                if (command === "ERROR") return params[0];
              }}
            }}));
            for (const socket of sockets) socket.close();
            return said;
        }})()""")
        self.assertEqual(welcomed, ["in"] * CROWD)

    def test_a_restart_of_the_server(self):
        self.assert_survives_a_restart(self.service)
        self.assertEqual(self.browser.texts("#names li"), ["alice"])

    def test_it_fits(self):
        self.browser.open(self.url)
        self.assert_fits("irc-join")
        self.join(self.browser, "alice")
        self.join(self.second, "bob")
        self.say(self.browser, "Is the bridge up?")
        self.second.wait(lambda: len(self.log(self.second)) == 1, "the question")
        self.say(self.second, "Until somebody is let in. Then it comes down, and everything crosses in order: not a byte is lost.")
        self.wait(lambda: len(self.log(self.browser)) == 3, "the answer")
        self.say(self.browser, "Good.")
        self.assert_fits()


if __name__ == "__main__":
    gallery.main()

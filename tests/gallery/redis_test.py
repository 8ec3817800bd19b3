"""examples/redis with a real Redis and Chromium. Usage: redis_test.py SOURCES DRAWBRIDGE BUILD"""

import unittest

import redis

import gallery

# What resp.js is to make of bytes, however they are cut.
REPLIES = r"""
(async () => {
  const { replies, ReplyError, Push } = await import("/resp.js");
  const wire = new TextEncoder().encode(
    "+OK\r\n-NOPERM no\r\n:-3\r\n$6\r\na\r\nbü\r\n$-1\r\n$0\r\n\r\n*2\r\n+x\r\n*1\r\n:1\r\n*-1\r\n_\r\n#t\r\n" +
    ",1.5\r\n(12345678901234567890\r\n" +
    "=5\r\ntxt:v\r\n%1\r\n+k\r\n~1\r\n:7\r\n>2\r\n+message\r\n+m\r\n|1\r\n+ttl\r\n:9\r\n+after\r\n!5\r\nERR x\r\n");
  const plain = (value) => value instanceof ReplyError ? { error: value.message }
    : value instanceof Push ? { push: [...value] }
    : value instanceof Map ? { map: [...value].map(([k, v]) => [k, plain(v)]) }
    : value instanceof Set ? { set: [...value] }
    : typeof value === "bigint" ? { big: String(value) } : value;
  const read = async (...chunks) => {
    const found = [];
    const readable = new ReadableStream({ start(c) { chunks.forEach((each) => c.enqueue(each)); c.close(); } });
    for await (const reply of replies(readable)) found.push(plain(reply));
    return JSON.stringify(found);
  };
  const whole = await read(wire);
  const different = [];
  for (let at = 0; at <= wire.length; ++at) {
    if (await read(wire.subarray(0, at), wire.subarray(at)) !== whole) different.push(at);
  }
  if (await read(...[...wire].map((byte) => Uint8Array.of(byte))) !== whole) different.push("bytes");
  const broken = [];
  for (const text of ["?\r\n", "$5\r\nab", "$x\r\n", "$1\r\nab\r\n", "*9", "+".padEnd(70000, "x")]) {
    broken.push(await read(new TextEncoder().encode(text)).catch((error) => error.name));
  }
  return [JSON.parse(whole), different, broken];
})()
"""
MEANT = ["OK", {"error": "NOPERM no"}, -3, "a\r\nbü", None, "", ["x", [1]], None, None, True, 1.5, {"big": "12345678901234567890"},
         "v", {"map": [["k", {"set": [7]}]]}, {"push": ["message", "m"]}, "after", {"error": "ERR x"}]


class Redis(gallery.Entry):
    NAME = "redis"
    PORTS = (6379,)

    @classmethod
    def prepare(cls):
        cls.redis = cls.run_command("redis-server", "Ready to accept connections")

    def setUp(self):
        super().setUp()
        self.backend = redis.Redis(port=self.ports[6379], password="choose-another-password", decode_responses=True)
        self.addCleanup(self.backend.close)

    def cards(self):
        """Name, latest value and count."""
        return list(zip(*(self.browser.texts(f"#channels {part}") for part in ("h2", ".latest", ".count"))))

    def test_resp_however_it_is_cut(self):
        self.open()
        whole, different, broken = self.browser.run_async(REPLIES)
        self.assertEqual(whole, MEANT)
        self.assertEqual(different, [])
        self.assertEqual(broken, ["SyntaxError"] * 6)

    def test_what_is_published_shows_up(self):
        self.open()
        self.assertTrue(self.browser.is_shown("#empty"))
        for number in range(1000):
            self.assertEqual(self.backend.publish("metrics:load", number % 100 / 10), 1)
        self.backend.publish("metrics:<b>door", "offen – <i>ü</i>")
        self.backend.publish("other:load", "not for pages")
        self.backend.publish("metrics:end", "1")
        self.wait(lambda: len(self.cards()) == 3 and self.cards()[0][2] == "1000 messages", "all have come")
        self.assertEqual(self.cards(), [("load", "9.9", "1000 messages"), ("<b>door", "offen – <i>ü</i>", "1 message"),
                                        ("end", "1", "1 message")])
        self.assertEqual(len(self.browser.element("polyline").get_attribute("points").split()), 60)

    def test_the_page_publishes(self):
        self.open()
        with self.backend.pubsub(ignore_subscribe_messages=False) as heard:
            heard.subscribe("metrics:kitchen")
            self.assertEqual(heard.get_message(timeout=gallery.PATIENCE)["type"], "subscribe")
            self.browser.type("#channel", "kitchen")
            self.browser.type("#message", "21 °C")
            self.browser.click("#publish button")
            self.assertEqual(heard.get_message(timeout=gallery.PATIENCE)["data"], "21 °C")
        self.wait(lambda: self.browser.texts("#answer") == ["published, 2 listeners"], "how many heard it")
        self.wait(lambda: ("kitchen", "21 °C", "1 message") in self.cards(), "it hears itself")

    def test_no_more_than_the_user_of_pages_may(self):
        """Whatever a page sends: here as one that does not log in, and as one that does."""
        self.open()
        said = self.browser.run_async("""(async () => {
            const { DrawbridgeSocket } = await import("/client/drawbridge.js");
            const { address } = await import("/shared/connection.js");
            const { command, replies } = await import("/resp.js");
            const { readable, writable } = await new DrawbridgeSocket(address("/redis")).opened;
            const writer = writable.getWriter();
            const refused = [["GET", "x"], ["HELLO", "3", "AUTH", "default", ""], ["HELLO", "3", "AUTH", "dashboard", ""],
                             ["GET", "x"], ["FLUSHALL"], ["CONFIG", "GET", "*"], ["PUBLISH", "other", "x"], ["PSUBSCRIBE", "*"]];
            for (const words of refused) writer.write(command(...words));
            const said = [];
            for await (const reply of replies(readable)) {
              if (said.push(reply.message?.split(" ")[0]) === refused.length) return said;
            }
        })()""")
        self.assertEqual(said, ["NOAUTH", "WRONGPASS", None] + ["NOPERM"] * 5)

    def test_a_restart_of_redis(self):
        self.assert_survives_a_restart(self.redis)
        self.backend.publish("metrics:again", "7")
        self.wait(lambda: ("again", "7", "1 message") in self.cards(), "what is published then")

    def test_it_fits(self):
        self.open()
        for number in range(60):
            self.backend.publish("metrics:temperature", f"{20 + number % 7 * 0.3 - number % 3:.1f}")
            self.backend.publish("metrics:orders", 100 + number * number // 30)
            self.backend.publish("metrics:errors", [0, 0, 0, 4, 1][number % 5])
        self.backend.publish("metrics:front-door", "closed")
        self.wait(lambda: len(self.cards()) == 4, "all are shown")
        self.assert_fits()


if __name__ == "__main__":
    gallery.main()

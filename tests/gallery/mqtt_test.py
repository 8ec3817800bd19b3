"""examples/mqtt with a real Mosquitto, MQTT.js and Chromium. Usage: mqtt_test.py SOURCES DRAWBRIDGE BUILD"""

import subprocess

import gallery

MANY = 1000
LINES = [f"message {number} ü" for number in range(MANY)]


class Mqtt(gallery.Entry):
    NAME = "mqtt"
    PORTS = (1883,)
    PACKAGES = ("mqtt/dist",)

    @classmethod
    def prepare(cls):
        cls.broker = cls.run_command("mosquitto -", "running")

    def command(self, program, *words):
        return [program, "-h", "127.0.0.1", "-p", str(self.ports[1883]), "-q", "1", *words]

    def publish(self, topic, *messages):
        text = "".join(f"{message}\n" for message in messages)
        subprocess.run(self.command("mosquitto_pub", "-t", topic, "-l"), input=text, text=True, check=True, timeout=gallery.PATIENCE)

    def subscribed(self, topic, count):
        """A subscriber that ends after `count` messages, once the broker knows of it."""
        command = ["stdbuf", "-oL", *self.command("mosquitto_sub", "-d", "-t", topic, "-C", str(count))]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait, gallery.PATIENCE)
        self.addCleanup(process.kill)
        for line in process.stdout:
            if "SUBACK" in line:
                return process
        raise AssertionError("no subscription")

    @staticmethod
    def messages(process):
        """Of one of those, without what it says of itself."""
        said = process.communicate(timeout=gallery.PATIENCE)[0].splitlines()
        return [line for line in said if not line.startswith(("Client ", "Subscribed "))]

    def rows(self):
        cells = self.browser.texts("#topics td")
        return [tuple(cells[i : i + 4]) for i in range(0, len(cells), 4)]

    def open(self):
        super().open()
        self.wait(lambda: self.browser.texts("#subscribed") == ["subscribed to home/# with QoS 1"], "it has subscribed")

    def test_the_subprotocol(self):
        self.open()
        protocol = self.browser.run_async("""import("/shared/connection.js").then(({ address }) => new Promise((done) => {
            const socket = new WebSocket(address("/mqtt"), ["mqtt"]);
            socket.onopen = () => { done(socket.protocol); socket.close(); };
        }))""")
        self.assertEqual(protocol, "mqtt")

    def test_a_thousand_messages_with_qos_1_to_the_page(self):
        self.open()
        self.browser.run("""
            window.come = [];
            window.ready = import("/broker.js").then(async ({ connect }) => {
              const client = connect();
              client.on("message", (topic, payload, packet) => come.push([payload.toString(), packet.qos]));
              await client.subscribeAsync("home/many", { qos: 1 });
            });""")
        self.browser.run_async("ready")
        self.publish("home/many", *LINES)
        self.wait(lambda: self.browser.run("return come.length") == MANY, "all have come")
        self.assertEqual(self.browser.run("return come"), [[line, 1] for line in LINES])
        self.wait(lambda: self.rows() == [("home/many", LINES[-1], "1", str(MANY))], "and all are counted")

    def test_a_thousand_messages_with_qos_1_from_the_page(self):
        self.open()
        subscriber = self.subscribed("home/many", MANY)
        acknowledged = self.browser.run_async("""import("/broker.js").then(async ({ connect }) => {
            const client = connect();
            const all = Array.from({ length: %d }, (_, i) => client.publishAsync("home/many", `message ${i} ü`, { qos: 1 }));
            return (await Promise.all(all)).length;
        })""" % MANY)
        self.assertEqual(acknowledged, MANY)
        self.assertEqual(self.messages(subscriber), LINES)

    def test_the_page_publishes(self):
        for qos in "012":
            with self.subTest(qos):
                self.open()
                subscriber = self.subscribed("home/hall/light", 1)
                self.browser.type("#message", f"on {qos}")
                self.browser.run("document.querySelector('#qos').value = arguments[0]", qos)
                self.browser.click("#publish button")
                self.assertEqual(self.messages(subscriber), [f"on {qos}"])
                told = "sent" if qos == "0" else "published: the broker has it"
                self.wait(lambda told=told: self.browser.texts("#published") == [told], "it says so")
                self.wait(lambda qos=qos: self.rows() == [("home/hall/light", f"on {qos}", str(min(1, int(qos))), "1")], "it hears itself")

    def test_names_and_messages_stay_text(self):
        self.open()
        self.publish("home/<i>x</i>", "<b>bold</b>")
        self.wait(lambda: self.rows() == [("home/<i>x</i>", "<b>bold</b>", "1", "1")], "it is there")

    def test_topics_that_are_not_for_pages(self):
        self.open()
        forbidden = self.subscribed("office/#", 1)
        self.browser.type("#topic", "office/door")
        self.browser.click("#publish button")
        self.wait(lambda: self.browser.texts("#published") == ["published: the broker has it"], "MQTT 3.1.1 cannot say no")
        self.browser.type("#topic", "home/end")
        self.browser.click("#publish button")
        self.wait(lambda: [row[0] for row in self.rows()] == ["home/end"], "what is allowed, later")
        self.assertIsNone(forbidden.poll())

    def test_a_restart_of_the_broker(self):
        self.assert_survives_a_restart(self.broker)
        self.publish("home/again", "7")
        self.wait(lambda: self.rows() == [("home/again", "7", "1", "1")], "it has subscribed again")

    def test_it_fits(self):
        self.open()
        for topic, message in [("home/hall/light", "on"), ("home/kitchen/temperature", "21.4"), ("home/garden/rain", "0.2 mm"),
                               ("home/door", '{"open": false, "battery": 0.83, "since": "2026-01-09T08:30:00Z"}')]:
            self.publish(topic, message)
        self.wait(lambda: len(self.rows()) == 4, "all are shown")
        self.assert_fits()


if __name__ == "__main__":
    gallery.main()

"""examples/terminal with a real telnetd, xterm.js and Chromium. Usage: terminal_test.py SOURCES DRAWBRIDGE BUILD"""

import getpass
import hashlib
import random
import re

from selenium.webdriver.common.keys import Keys

import gallery

SIZE = 10 << 20  # bytes
SHELL = "#!/bin/sh\nexport PS1='$ ' HOME=/ LC_ALL=C.UTF-8\ncd {directory}\nexec /bin/sh -i\n"  # instead of login(1)
# Collects what the terminal is given, between the marks that the shell writes around it.
COLLECT = """
window.given = [];
import("/terminal.js").then(({ terminal }) => {
  const write = terminal.write;
  terminal.write = function (bytes, done) { given.push(bytes.slice()); return write.call(this, bytes, done); };
});
"""
DIGEST = """(async () => {
  const all = new Uint8Array(await new Blob(given).arrayBuffer());
  const text = new TextDecoder("latin1").decode(all);
  const [begin, end] = [text.indexOf("<begin>") + 7, text.lastIndexOf("<end>")];
  const digest = await crypto.subtle.digest("SHA-256", all.subarray(begin, end));
  return [end - begin, [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("")];
})()"""
# A negotiation, however it is cut: what is data, and what is answered.
NEGOTIATION = """(async () => {
  const { Telnet } = await import("/telnet.js");
  const wire = [97, 255, 253, 24, 255, 251, 1, 255, 253, 31, 98, 255, 255, 255, 250, 24, 1, 255, 240, 255, 253, 36, 255, 251, 38,
                255, 253, 24, 255, 242, 13, 0, 99, 13, 10, 255, 250, 99, 255, 255, 1, 255, 240, 255, 254, 31, 255, 252, 1, 100];
  const run = (...chunks) => {
    const sent = [];
    const telnet = new Telnet((bytes) => sent.push(...bytes), "vt", 300, 24);
    const data = chunks.flatMap((chunk) => [...telnet.receive(Uint8Array.from(chunk))]);
    telnet.resize(80, 25);
    telnet.write(Uint8Array.of(255, 13));
    telnet.receive(Uint8Array.of(255, 253, 0));
    telnet.write(Uint8Array.of(13));
    return [data, sent];
  };
  const whole = run(wire);
  const same = wire.every((_, at) => JSON.stringify(run(wire.slice(0, at), wire.slice(at))) === JSON.stringify(whole));
  return [...whole, same && JSON.stringify(run(...wire.map((byte) => [byte]))) === JSON.stringify(whole)];
})()"""
DATA = [97, 98, 255, 13, 99, 13, 10, 100]
ANSWERS = [255, 251, 24, 255, 253, 1, 255, 251, 31, 255, 250, 31, 1, 44, 0, 24, 255, 240, 255, 250, 24, 0, 118, 116, 255, 240,
           255, 252, 36, 255, 254, 38, 255, 252, 31, 255, 254, 1, 255, 255, 13, 0, 255, 251, 0, 13]


class Terminal(gallery.Entry):
    NAME = "terminal"
    PORTS = (2323,)
    PACKAGES = ("@xterm/xterm", "@xterm/addon-fit")

    @classmethod
    def prepare(cls):
        shell = cls.directory / "shell"
        shell.write_text(SHELL.format(directory=cls.directory), encoding="utf-8")
        shell.chmod(0o755)
        configuration = cls.file("inetd.conf")
        text = configuration.read_text(encoding="utf-8")
        served = rf"{getpass.getuser()} \1 telnetd --no-hostinfo --exec-login={shell}"
        text, changes = re.subn(r"root (.*) telnetd$", served, text, flags=re.M)
        assert changes == 1, text
        configuration.write_text(text, encoding="utf-8")
        cls.inetd = cls.run_command("inetutils-inetd", "registered /usr/sbin/telnetd")

    def screen(self):
        """Its lines that are not empty."""
        return self.browser.run_async("""import("/terminal.js").then(({ terminal: { buffer: { active }, rows } }) =>
            Array.from({ length: rows }, (_, i) => active.getLine(active.baseY + i).translateToString(true).trimEnd()).filter(Boolean))""")

    def type(self, text):
        self.browser.element("textarea.xterm-helper-textarea").send_keys(text)

    def open(self):
        super().open()
        self.wait(lambda: self.screen() == ["$"], f"a prompt, not {self.screen()}")

    def test_negotiation_however_it_is_cut(self):
        self.browser.open(self.url)
        self.assertEqual(self.browser.run_async(NEGOTIATION), [DATA, ANSWERS, True])

    def test_typing(self):
        self.open()
        self.type("echo 'grüße €' | wc --bytes; echo $TERM\n")
        self.wait(lambda: self.screen()[1:] == ["12", "xterm-256color", "$"], "bytes of UTF-8 arrive as they are")

    def test_control_c(self):
        self.open()
        self.type("cat\n")
        self.type("echo\n")
        self.wait(lambda: self.screen()[-2:] == ["echo", "echo"], "it echoes")
        self.type(Keys.CONTROL + "c")
        self.wait(lambda: self.screen()[-1] == "$", "the prompt is back")

    def test_control_c_in_a_flood(self):
        self.open()
        self.type("yes\n")
        self.wait(lambda: self.screen()[-30:] == ["y"] * 30, "it floods")
        self.type(Keys.CONTROL + "c")
        self.wait(lambda: self.screen()[-1] == "$", "the prompt is back")

    def test_colours(self):
        self.open()
        self.type(r"printf '\033[1;31mred\033[0m \033[38;2;1;200;3mgreen\033[0m \033[44mblue\033[0m\n'" + "\n")
        self.wait(lambda: "red green blue" in self.screen(), "the words")
        self.wait(lambda: "red" in self.browser.texts("#terminal .xterm-rows span"), "they are drawn")
        colours = self.browser.run("""
            return Object.fromEntries([...document.querySelectorAll("#terminal .xterm-rows span")].map((each) => {
              const { color, backgroundColor, fontWeight } = getComputedStyle(each);
              return [each.textContent, [color, backgroundColor, fontWeight]];
            }))""")
        nothing = "rgba(0, 0, 0, 0)"
        self.assertEqual(colours["red"][1:], [nothing, "700"])
        self.assertRegex(colours["red"][0], r"rgb\(2[0-4]\d, \d\d, \d\d\)")
        self.assertEqual(colours["green"][:2], ["rgb(1, 200, 3)", nothing])
        self.assertRegex(colours["blue"][1], r"rgb\(\d\d, \d\d\d, \d\d\d\)")

    def test_a_resize_arrives(self):
        self.open()
        sizes = []
        for width, height in [(1280, 800), (700, 400)]:
            self.browser.resize(width, height)
            self.settle()
            columns, rows = self.browser.run_async("import('/terminal.js').then(({ terminal }) => [terminal.cols, terminal.rows])")
            sizes.append((columns, rows))
            self.type("stty size\n")
            self.wait(lambda: f"{sizes[-1][1]} {sizes[-1][0]}" in self.screen(), f"the size {sizes[-1]}, not {self.screen()}")
        self.assertNotEqual(*sizes)
        self.browser.resize(1280, 800)

    def test_ten_megabytes(self):
        """Nothing is lost, nothing is invented: what the terminal is given, and what stands on the screen at the end."""
        chance = random.Random(1)
        lines = [chance.randbytes(30).hex() for _ in range(SIZE // 62)]
        (self.directory / "lines").write_text("\n".join(lines), encoding="utf-8")
        expected = "\r\n".join(lines).encode()
        self.open()
        self.browser.run(COLLECT)
        self.type("printf '<%s>' begin; cat lines; printf '<%s>\\n' end\n")
        self.wait(lambda: any("<end>" in line for line in self.screen()), "the end")
        self.assertEqual(self.browser.run_async(DIGEST), [len(expected), hashlib.sha256(expected).hexdigest()])
        self.assertEqual(self.screen()[-4:], [*lines[-3:-1], f"{lines[-1]}<end>", "$"])

    def test_logging_out_and_in_again(self):
        self.open()
        self.type("exit\n")
        self.wait_for_status(r"^backend_closed \(1000\)$")
        self.wait(lambda: self.browser.focused() == "connect", "a button to go on with")
        self.browser.click("#connect")
        self.wait_for_status("^connected")
        self.wait(lambda: self.screen() == ["$"], "another shell")

    def test_a_service_that_is_down(self):
        self.inetd.stop()
        self.browser.open(self.url)
        self.wait_for_status(r"backend_refused \(4502\), again in \d+ s")
        self.inetd.start()
        self.wait_for_status("^connected")

    def test_it_fits(self):
        self.open()
        self.type(r"for i in 1 2 3 4 5 6; do printf '\033[3%sm a bridge \033[0;4%sm is up \033[0m\n' $i $i; done" + "\n")
        self.wait(lambda: len(self.screen()) >= 8, "colours")
        self.assert_fits()


if __name__ == "__main__":
    gallery.main()

"""examples/vnc with a real Xvnc, noVNC and Chromium. Usage: vnc_test.py SOURCES DRAWBRIDGE BUILD"""

import hashlib
import queue
import random
import subprocess
import threading
from pathlib import Path

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from Xlib import X, XK, display, error

import gallery

PASSWORD = "bridge-5"  # VNC takes eight characters
WIDTH, HEIGHT = 1024, 768
SQUARE = 32  # pixels
# Few colours: then the encoding Tight sends them as they are, and not as a JPEG.
COLOURS = [0x0B5CAD, 0xF6F7F8, 0xA61B12, 0x12682F, 0x14171A, 0xF2A55F, 0x010203, 0xFEFDFC]
RGB = """
const canvas = document.querySelector("#screen canvas");
const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
const rgb = new Uint8Array(pixels.length / 4 * 3);
for (let i = 0, j = 0; i < pixels.length; i += 4) { rgb[j++] = pixels[i]; rgb[j++] = pixels[i + 1]; rgb[j++] = pixels[i + 2]; }
"""
DIGEST = f"""(async () => {{ {RGB}
  const digest = await crypto.subtle.digest("SHA-256", rgb);
  return [canvas.width, canvas.height, [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("")];
}})()"""


def free_display():
    return next(number for number in range(20, 200) if not Path(f"/tmp/.X11-unix/X{number}").exists()
                and not Path(f"/tmp/.X{number}-lock").exists())


class Program:
    """A program on the desktop: a window with a picture, that hears keys and clicks."""

    def __init__(self, name, seed=1):
        self.display = display.Display(name)
        screen = self.display.screen()
        self.root = screen.root
        self.window = self.root.create_window(0, 0, WIDTH, HEIGHT, 0, screen.root_depth, override_redirect=True,
                                              event_mask=X.ExposureMask | X.KeyPressMask | X.ButtonPressMask)
        self.graphics = self.window.create_gc()
        self.window.map()
        while self.display.next_event().type != X.Expose:
            pass
        self.draw(seed)
        self.window.set_input_focus(X.RevertToParent, X.CurrentTime)
        self.display.sync()
        self.heard = queue.Queue()

    def draw(self, seed):
        chance = random.Random(seed)
        for x in range(0, WIDTH, SQUARE):
            for y in range(0, HEIGHT, SQUARE):
                self.graphics.change(foreground=chance.choice(COLOURS))
                self.window.fill_rectangle(self.graphics, x, y, SQUARE - chance.randrange(4), SQUARE - chance.randrange(4))
        self.display.sync()

    def draw_many_colours(self):
        for x in range(0, WIDTH, 8):
            for y in range(0, HEIGHT, 8):
                self.graphics.change(foreground=x * 255 // WIDTH << 16 | y * 255 // HEIGHT << 8 | (x + y) // 8 % 256)
                self.window.fill_rectangle(self.graphics, x, y, 8, 8)
        self.display.sync()

    def picture(self):
        """As the server itself has it: size and digest of its bytes, in the order red, green, blue."""
        image = self.root.get_image(0, 0, WIDTH, HEIGHT, X.ZPixmap, 0xFFFFFFFF).data
        rgb = bytearray(WIDTH * HEIGHT * 3)
        rgb[0::3], rgb[1::3], rgb[2::3] = image[2::4], image[1::4], image[0::4]
        return [WIDTH, HEIGHT, hashlib.sha256(rgb).hexdigest()]

    def listen(self):
        """From now on, in a thread of its own: nothing else may be asked of it."""
        threading.Thread(target=self.hear, daemon=True).start()

    def hear(self):
        while True:
            try:
                event = self.display.next_event()
            except error.ConnectionClosedError:
                return
            if event.type == X.MappingNotify:  # Xvnc makes keys for what its keyboard does not have
                self.display.refresh_keyboard_mapping(event)
            elif event.type == X.ButtonPress:
                self.heard.put((event.detail, event.event_x, event.event_y))
            elif event.type == X.KeyPress:
                shifted = bool(event.state & X.ShiftMask)
                keysym = self.display.keycode_to_keysym(event.detail, shifted) or self.display.keycode_to_keysym(event.detail, 0)
                self.heard.put((keysym, event.state & (X.ControlMask | X.Mod1Mask)))


class Vnc(gallery.Entry):
    NAME = "vnc"
    PORTS = (5905,)

    @classmethod
    def prepare(cls):
        made = subprocess.run(["vncpasswd", "-f"], input=f"{PASSWORD}\n".encode(), capture_output=True, check=True,
                              timeout=gallery.PATIENCE)
        (cls.directory / "build").mkdir()
        (cls.directory / "build/vnc.passwd").write_bytes(made.stdout)
        (cls.directory / "build/vnc.passwd").chmod(0o600)
        cls.display = f":{free_display()}"
        cls.desktop = cls.run_command("Xvnc ", "Listening for VNC connections")

    @classmethod
    def moved(cls, text):
        return super().moved(text).replace("Xvnc :5 ", f"Xvnc {getattr(cls, 'display', '')} ")

    def log_in(self, password=PASSWORD):
        self.browser.type("#password", password)
        self.browser.click("#login button")

    def open(self):
        self.browser.open(self.url)
        self.wait_for_status("^the desktop wants a password")
        self.log_in()
        self.wait_for_status("^connected")

    def program(self, seed=1):
        program = Program(self.display, seed)
        self.addCleanup(program.window.destroy)
        return program

    def wait_for_picture(self, picture):
        self.wait(lambda: self.browser.run_async(DIGEST) == picture, "the picture is the same, pixel by pixel")

    def test_the_picture_pixel_by_pixel(self):
        program = self.program()
        first = program.picture()
        self.open()
        self.wait_for_picture(first)
        program.draw(2)
        second = program.picture()
        self.assertNotEqual(first, second)
        self.wait_for_picture(second)

    def test_a_picture_of_many_colours(self):
        """Which crosses as JPEG: the browser has to be allowed to decode it."""
        program = self.program()
        program.draw_many_colours()
        self.open()
        # The mean of how much a colour is away from what was drawn.
        away = f"""{RGB}
            let away = 0;
            for (let y = 0, i = 0; y < canvas.height; ++y) {{
              for (let x = 0; x < canvas.width; ++x, i += 3) {{
                const [left, top] = [x & ~7, y & ~7];
                away += Math.abs(rgb[i] - (left * 255 / {WIDTH} | 0)) + Math.abs(rgb[i + 1] - (top * 255 / {HEIGHT} | 0))
                  + Math.abs(rgb[i + 2] - ((left + top) / 8 & 255));
              }}
            }}
            return away / rgb.length"""
        self.wait(lambda: self.browser.run(away) < 4, f"a picture like it, not one that is {self.browser.run(away)} away")

    def test_typing_arrives(self):
        program = self.program()
        program.listen()
        self.open()
        self.assertEqual(self.browser.run("return document.activeElement.tagName"), "CANVAS")
        text = "a bridge: up! éß"
        ActionChains(self.browser.driver).send_keys(text, Keys.ENTER).perform()
        heard = []
        while not heard or heard[-1] != XK.XK_Return:
            keysym, _ = program.heard.get(timeout=gallery.PATIENCE)
            if keysym not in (XK.XK_Shift_L, XK.XK_Shift_R, 0xFE03):  # and ISO_Level3_Shift
                heard.append(keysym)
        self.assertEqual(heard, [*map(ord, text), XK.XK_Return])

    def test_the_button_for_keys_that_a_browser_keeps(self):
        program = self.program()
        program.listen()
        self.open()
        self.browser.click("#keys")
        while (heard := program.heard.get(timeout=gallery.PATIENCE))[0] != XK.XK_Delete:
            pass
        self.assertEqual(heard[1], X.ControlMask | X.Mod1Mask)

    def test_the_pointer_arrives(self):
        program = self.program()
        program.listen()
        self.open()
        # The desktop is scaled to the window: the middle stays the middle.
        ActionChains(self.browser.driver).click(self.browser.element("#screen canvas")).perform()
        button, x, y = program.heard.get(timeout=gallery.PATIENCE)
        self.assertEqual(button, 1)
        self.assertLess(abs(x - WIDTH / 2) + abs(y - HEIGHT / 2), 6)

    def test_a_wrong_password(self):
        self.browser.open(self.url)
        self.wait_for_status("^the desktop wants a password")
        self.log_in("wrong")
        self.wait_for_status("^that was not the password")
        self.log_in()
        self.wait_for_status("^connected")

    def test_a_restart_of_the_desktop(self):
        """The page still knows the password."""
        self.assert_survives_a_restart(self.desktop)

    def test_it_fits(self):
        self.browser.open(self.url)
        self.wait_for_status("^the desktop wants a password")
        self.assert_fits("vnc-password")
        program = self.program()
        picture = program.picture()
        self.open()
        self.wait_for_picture(picture)
        self.assert_fits()


if __name__ == "__main__":
    gallery.main()

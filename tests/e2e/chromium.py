"""A real Chromium for tests: headless, with a fresh profile, and no way to any machine but this one."""

import os
import shutil
import tempfile

from selenium import webdriver
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

PATIENCE = 30  # seconds


class Chromium:
    def __init__(self, names=(), slow_when_hidden=False, trusting=False):
        """Of the world's names only `names` resolve, to this machine. WebDriver keeps Chromium from slowing down the timers
        of pages that are hidden, unless they are to be `slow_when_hidden`, as everywhere else. A `trusting` one takes any
        certificate.
        """
        self.profile = tempfile.mkdtemp(prefix="drawbridge-chromium-")
        options = Options()
        options.binary_location = shutil.which("chromium")
        rules = [f"MAP {name} 127.0.0.1" for name in names] + ["MAP * ~NOTFOUND", "EXCLUDE 127.0.0.1"]
        for argument in ["--headless=new", f"--user-data-dir={self.profile}", "--disable-dev-shm-usage", "--disable-gpu",
                         "--disable-background-networking", "--no-first-run", f"--host-resolver-rules={', '.join(rules)}",
                         *(["--no-sandbox"] if os.geteuid() == 0 else [])]:
            options.add_argument(argument)
        if slow_when_hidden:
            options.add_experimental_option("excludeSwitches", ["disable-background-timer-throttling"])
        options.accept_insecure_certs = trusting
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(service=Service(shutil.which("chromedriver")), options=options)
        self.resize(1280, 800)

    def close(self):
        self.driver.quit()
        shutil.rmtree(self.profile, ignore_errors=True)

    def before_each_page(self, script):
        """Runs it before a page's own scripts, from the next page on. Returns what forget() takes."""
        return self.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": script})["identifier"]

    def forget(self, script):
        self.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", {"identifier": script})

    def open(self, url):
        self.driver.get(url)

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def run_async(self, script, *arguments):
        """An expression that is a promise: what it comes to, or the message of its error."""
        return self.driver.execute_async_script(
            f"const done = arguments[arguments.length - 1]; Promise.resolve({script}).then(done, (e) => done(String(e)))",
            *arguments)

    def element(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def elements(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def texts(self, selector):
        """At one moment, as they stand in the page."""
        return self.run("return [...document.querySelectorAll(arguments[0])].map((each) => each.textContent)", selector)

    def is_shown(self, selector):
        return any(element.is_displayed() for element in self.elements(selector))

    def wait(self, true, what):
        ignored = (NoSuchElementException, StaleElementReferenceException)
        return WebDriverWait(self.driver, PATIENCE, 0.05, ignored).until(lambda _: true(), f"in vain: {what}")

    def click(self, selector):
        self.wait(lambda: self.element(selector).is_displayed(), f"{selector} is shown")
        self.element(selector).click()

    def type(self, selector, text):
        self.wait(lambda: self.element(selector).is_displayed(), f"{selector} is shown")
        self.element(selector).clear()
        self.element(selector).send_keys(text)

    def focused(self):
        return self.run("return document.activeElement.id")

    def console(self):
        """What it says since the last call."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def resize(self, width, height, mobile=False):
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                    {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile})

    def prefer(self, **features):
        """Such as prefers_color_scheme="dark"; without any, what it prefers by itself."""
        wanted = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": wanted})

    def screenshot(self, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        self.driver.get_screenshot_as_file(str(path))

    def accessibility(self):
        """Role and name of what assistive technology is told of."""
        nodes = self.driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
        return [(node["role"]["value"], node.get("name", {}).get("value", ""))
                for node in nodes if not node["ignored"] and "role" in node]

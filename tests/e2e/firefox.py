"""A real Firefox for tests: headless, with a fresh profile, and no way to any machine but this one. Nobody steers it: it
opens a page, which tells its server what it has to say.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

PATIENCE = 30  # seconds

# The proxy is a port where nobody listens; addresses of loopback are not asked of it.
PREFERENCES = {
    "app.normandy.enabled": False,
    "app.update.disabledForTesting": True,
    "browser.aboutwelcome.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.proxy.http": "127.0.0.1",
    "network.proxy.http_port": 9,
    "network.proxy.share_proxy_settings": True,
    "network.proxy.ssl": "127.0.0.1",
    "network.proxy.ssl_port": 9,
    "network.proxy.type": 1,
    "services.settings.server": "http://127.0.0.1:9/",
    "toolkit.telemetry.reportingpolicy.firstRun": False,
}


def found():
    return shutil.which("firefox-esr") or shutil.which("firefox")


class Firefox:
    def __init__(self, url):
        self.profile = Path(tempfile.mkdtemp(prefix="drawbridge-firefox-"))
        values = {True: "true", False: "false"}
        (self.profile / "user.js").write_text("".join(
            f'user_pref("{name}", {values[value] if isinstance(value, bool) else repr(value).replace(chr(39), chr(34))});\n'
            for name, value in PREFERENCES.items()), encoding="utf-8")
        # Its home as well: Firefox refuses one that belongs to somebody else.
        self.process = subprocess.Popen(
            [found(), "--headless", "--no-remote", "--profile", self.profile, url], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "HOME": str(self.profile), "MOZ_CRASHREPORTER_DISABLE": "1"})

    def close(self):
        self.process.terminate()
        self.process.wait(PATIENCE)
        shutil.rmtree(self.profile, ignore_errors=True)

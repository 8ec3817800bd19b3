"""The package where systemd runs the machine. Usage: systemd_test.py SOURCES DIRECTORY_OF_THE_DEB DIRECTORY_TO_KEEP

What the documentation tells operators to type and to write is taken from there."""

import asyncio
import ctypes
import json
import os
import re
import shutil
import socket
import socketserver
import ssl
import subprocess
import sys
import threading
import time
import unittest
from pathlib import Path

try:
    import websockets
except ImportError:
    websockets = None  # run_tests says so

from container import PATIENCE, Container, base_tree, libc, needed_packages, run_tests, wait_for

SOURCES, DEBS, KEPT = (Path(argument).resolve() for argument in sys.argv[1:4])
MANUAL = (SOURCES / "docs/manual.md").read_text(encoding="utf-8")
NAME = "bridge.example.org"
LINEAGE = f"/etc/letsencrypt/live/{NAME}"
ORIGIN = "https://app.example.org"
SERVICE_PORT = 5900  # the container has a network of its own
UNITS = ["drawbridge.socket", "drawbridge.service"]

PTRACE_DETACH, PTRACE_SEIZE, PTRACE_INTERRUPT = 17, 0x4206, 0x4207
WALL = 0x40000000


def documented(after, language):
    """The first block of this language behind that text in docs/manual.md."""
    text = MANUAL[MANUAL.index(after):]
    return re.search(rf"^```{language}\n(.*?)^```$", text, flags=re.M | re.S)[1]


CREDENTIALS = documented("**Credentials**", "ini")
GROUP_KEYS = documented("**Paths**", "ini")
NO_CAPABILITY = documented("**Without any capability.**", "ini")
WITH_SOCKET = documented("**Socket activation.**", "yaml")
WITH_PATHS = documented("**Paths**", "yaml")
ADMIN = documented("## Talk to the running daemon", "yaml")
WITH_CREDENTIALS = documented("**Credentials**", "yaml")


def route(path="/desk", more=""):
    return (f'routes:\n  - name: desk\n    path: {path}\n    origins: [ "{ORIGIN}" ]\n'
            f"    backend: tcp://127.0.0.1:{SERVICE_PORT}\n{more}")


class Echo(socketserver.ThreadingTCPServer):
    """The service behind the bridge, on the container's network."""

    allow_reuse_address, daemon_threads = True, True

    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            while data := self.request.recv(65536):
                self.request.sendall(data)

    def __init__(self):
        super().__init__(("127.0.0.1", SERVICE_PORT), self.Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def close(self):
        self.shutdown()
        self.server_close()


def setUpModule():
    global machine
    (deb,) = DEBS.glob("*.deb")
    machine = Container(KEPT, base_tree(KEPT, needed_packages(deb)))
    shutil.copy(deb, machine.root / "root/drawbridge.deb")
    machine.boot()


def tearDownModule():
    machine.power_off()


def systemctl(*arguments, check=True):
    return machine.run("systemctl", *arguments, check=check)


def property_of(name, unit="drawbridge.service"):
    return systemctl("show", "--value", "-p", name, unit).stdout.strip()


def write(path, text):
    file = machine.root / path.lstrip("/")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def configure(text):
    write("/etc/drawbridge/drawbridge.yaml", ADMIN + text)


def drop_in(*texts):
    """As `systemctl edit` leaves it."""
    write("/etc/systemd/system/drawbridge.service.d/override.conf", "".join(texts))
    systemctl("daemon-reload")


def new_certificate(common_name=NAME):
    """Renews what certbot would; the certificate in PEM form."""
    here = machine.root / LINEAGE.lstrip("/")
    here.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "90",
         "-subj", f"/CN={common_name}", "-addext", f"subjectAltName=DNS:{NAME}",
         "-keyout", here / "privkey.pem", "-out", here / "fullchain.pem"], check=True, capture_output=True)
    (here / "privkey.pem").chmod(0o600)
    return (here / "fullchain.pem").read_text(encoding="utf-8")


def trusting(certificate):
    return ssl.create_default_context(cadata=certificate)


def served_certificate():
    with socket.create_connection(("127.0.0.1", 443), PATIENCE) as connection:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with context.wrap_socket(connection, server_hostname=NAME) as tls:
            return ssl.DER_cert_to_PEM_cert(tls.getpeercert(binary_form=True))


def session(certificate, path="/desk"):
    return websockets.connect(f"wss://{NAME}{path}", host="127.0.0.1", ssl=trusting(certificate), server_hostname=NAME,
                              origin=ORIGIN)


def crosses(certificate, path="/desk"):
    async def cross():
        async with session(certificate, path) as browser:
            await browser.send(b"hello")
            return await browser.recv()

    return asyncio.run(asyncio.wait_for(cross(), PATIENCE)) == b"hello"


def daemon():
    """The main process, by its number out here; 0 if there is none. All processes that are seen here are ours."""
    found = [int(comm.parent.name) for comm in Path("/proc").glob("[0-9]*/comm")
             if comm.read_text(encoding="utf-8") == "drawbridge\n"]
    return found[0] if found else 0


def threads(pid, name):
    return [int(comm.parent.name) for comm in Path(f"/proc/{pid}/task").glob("*/comm")
            if comm.read_text(encoding="utf-8") == f"{name}\n"]


def status(pid, field):
    return re.search(rf"^{field}:\s+(\S+)", Path(f"/proc/{pid}/status").read_text(encoding="utf-8"), flags=re.M)[1]


class Systemd(unittest.TestCase):
    def setUp(self):
        """Installed, stopped, disabled, as the package left it."""
        if machine.run("dpkg-query", "-W", "-f", "${db:Status-Status}", "drawbridge", check=False).stdout != "installed":
            machine.run("apt-get", "install", "-y", "/root/drawbridge.deb")
        systemctl("disable", "--now", *UNITS)
        shutil.rmtree(machine.root / "etc/systemd/system/drawbridge.service.d", ignore_errors=True)
        systemctl("daemon-reload")
        systemctl("reset-failed")
        shutil.copy(SOURCES / "conf/default.yaml", machine.root / "etc/drawbridge/drawbridge.yaml")
        self.addCleanup(Echo().close)
        self.since = machine.run("journalctl", "--show-cursor", "-n", "0").stdout.split("-- cursor: ")[1].strip()

    def journal(self):
        """Since the test began, of the unit, from systemd and the daemon."""
        lines = machine.run("journalctl", "-u", "drawbridge", "-o", "json", f"--after-cursor={self.since}").stdout
        return [json.loads(line) for line in lines.splitlines()]

    def events(self):
        """What the daemon logged; `ctl` speaks in plain words."""
        return [json.loads(entry["MESSAGE"]) for entry in self.journal() if entry["MESSAGE"].startswith("{")]

    def event(self, name):
        return wait_for(lambda: [event for event in self.events() if event["event"] == name], f"the event {name}")[-1]

    def start_with_socket(self, listener=WITH_SOCKET, routes=None, *more):
        certificate = new_certificate()
        drop_in(CREDENTIALS, NO_CAPABILITY, *more)
        configure(listener + (routes or route()))
        systemctl("start", *UNITS)
        return certificate

    # Installation

    def test_it_is_not_started_by_being_installed(self):
        self.assertEqual(systemctl("is-enabled", *UNITS, check=False).stdout.split(), ["disabled"] * 2)
        self.assertEqual(daemon(), 0)

    def test_as_installed_it_starts_and_lets_nobody_in(self):
        systemctl("start", "drawbridge")
        host, port = self.event("listening")["address"].split(":")
        with socket.create_connection((host, int(port)), PATIENCE) as client:
            self.assertEqual(client.recv(1), b"")
        self.assertEqual(self.event("refused")["reason"], "client_denied")

    def test_an_upgrade_keeps_the_edited_configuration_and_restarts(self):
        certificate = self.start_with_socket()
        edited = (machine.root / "etc/drawbridge/drawbridge.yaml").read_bytes()
        before = daemon()
        # The next version, with another default configuration: dpkg would ask, and apt is told to keep.
        machine.run("sh", "-c", "rm -rf /root/next && dpkg-deb -R /root/drawbridge.deb /root/next && "
                    "sed -i 's/^Version: .*/Version: 99.0-1/' /root/next/DEBIAN/control && "
                    "echo '# more' >>/root/next/etc/drawbridge/drawbridge.yaml && dpkg-deb -b /root/next /root/next.deb")
        machine.run("apt-get", "install", "-y", "-o", "Dpkg::Options::=--force-confold", "/root/next.deb")
        self.addCleanup(machine.run, "dpkg", "--purge", "drawbridge")
        self.assertEqual((machine.root / "etc/drawbridge/drawbridge.yaml").read_bytes(), edited)
        self.assertEqual(property_of("ActiveState"), "active")
        self.assertNotEqual(daemon(), before)
        self.assertTrue(crosses(certificate))

    def test_removal_leaves_no_process_and_no_unit_and_purging_leaves_no_file(self):
        self.start_with_socket()
        systemctl("enable", *UNITS)
        write("/etc/drawbridge/conf.d/more.yaml", "routes: []\n")
        machine.run("apt-get", "remove", "-y", "drawbridge")
        self.assertEqual(daemon(), 0)
        for unit in UNITS:
            self.assertEqual((property_of("LoadState", unit), property_of("ActiveState", unit)), ("not-found", "inactive"))
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", 443), PATIENCE)
        self.assertTrue((machine.root / "etc/drawbridge/drawbridge.yaml").exists())

        shutil.rmtree(machine.root / "etc/systemd/system/drawbridge.service.d")  # what this test put there
        machine.run("apt-get", "purge", "-y", "drawbridge")
        left = machine.run("find", "/", "/run", "/tmp", "-xdev", "-name", "*drawbridge*", "-not", "-path", "/root/*").stdout
        self.assertEqual(left, "")

    # Starting and stopping

    def test_started_means_ready_and_a_daemon_that_cannot_start_fails_visibly(self):
        certificate = new_certificate()
        drop_in(CREDENTIALS)
        configure(WITH_CREDENTIALS + route())
        self.assertEqual(property_of("Type"), "notify")
        systemctl("start", "drawbridge")
        self.assertTrue(crosses(certificate))  # at once, on a low port, without the socket unit
        systemctl("stop", "drawbridge")
        configure(WITH_CREDENTIALS + route(path="desk"))
        self.assertNotEqual(systemctl("start", "drawbridge", check=False).returncode, 0)
        self.assertTrue(any("`path` must be" in entry["MESSAGE"] for entry in self.journal()))

    def test_enabled_it_is_there_after_booting(self):
        certificate = self.start_with_socket()
        systemctl("enable", *UNITS)
        machine.power_off()
        machine.boot()
        self.addCleanup(Echo().close)  # its network is another one now
        self.assertEqual(systemctl("is-active", *UNITS).stdout.split(), ["active"] * 2)
        self.assertTrue(crosses(certificate))

    def test_a_restart_refuses_no_connection(self):
        self.start_with_socket(WITH_SOCKET, "timeouts: { drain: 1s }\n" + route())
        refused, tried, over = [], [0], threading.Event()

        def connect():
            # Not so many that the queue of the socket, which is to wait for the next daemon, overflows.
            while not over.wait(0.002):
                try:
                    socket.create_connection(("127.0.0.1", 443), PATIENCE).close()
                except OSError as error:
                    refused.append(error)
                tried[0] += 1

        load = threading.Thread(target=connect)
        load.start()
        try:
            for _ in range(3):
                before, pid = tried[0], daemon()
                systemctl("restart", "drawbridge")
                self.assertNotEqual(daemon(), pid)
                self.assertGreater(tried[0], before)
        finally:
            over.set()
            load.join()
        self.assertEqual(refused, [])

    def test_it_stops_within_the_drain_however_sessions_behave(self):
        certificate = self.start_with_socket(WITH_SOCKET, "timeouts: { drain: 2s }\n" + route())
        # The default drain fits into the time that systemd gives.
        given = re.search(r"^TimeoutStopSec=(\d+)s$", (SOURCES / "systemd/drawbridge.service").read_text(), flags=re.M)[1]
        drain = re.search(r"^  drain: (\d+)s", (SOURCES / "conf/drawbridge.yaml").read_text(), flags=re.M)[1]
        self.assertGreater(int(given), int(drain))
        # This one never answers the Close.
        connection = trusting(certificate).wrap_socket(socket.create_connection(("127.0.0.1", 443)), server_hostname=NAME)
        with connection:
            connection.sendall((f"GET /desk HTTP/1.1\r\nHost: {NAME}\r\nOrigin: {ORIGIN}\r\nUpgrade: websocket\r\n"
                                "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                                "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n").encode())
            self.assertTrue(connection.recv(1024).startswith(b"HTTP/1.1 101"))
            started = time.monotonic()
            systemctl("stop", "drawbridge")
            self.assertLess(time.monotonic() - started, 2 + 3)
        self.assertEqual((property_of("ActiveState"), property_of("Result")), ("inactive", "success"))
        self.assertEqual(self.event("session")["reason"], "drain")

    # Reloading

    def test_a_reload_takes_the_new_configuration_and_ends_no_session(self):
        certificate = self.start_with_socket()
        before = daemon()

        async def cross():
            async with session(certificate) as browser:
                configure(WITH_SOCKET + route() + route("/new").replace("routes:\n", "").replace("name: desk", "name: new"))
                systemctl("reload", "drawbridge")
                self.event("reloaded")
                await browser.send(b"still there")
                self.assertEqual(await browser.recv(), b"still there")

        asyncio.run(asyncio.wait_for(cross(), PATIENCE))
        self.assertTrue(crosses(certificate, "/new"))
        self.assertEqual(daemon(), before)

    def test_a_bad_configuration_keeps_the_old_one_running_and_the_journal_says_why(self):
        certificate = self.start_with_socket()
        before = daemon()
        configure(WITH_SOCKET + route() + "    bakend: x\n")
        self.assertNotEqual(systemctl("reload", "drawbridge", check=False).returncode, 0)
        self.event("reload_failed")
        self.assertTrue(any("unknown key `bakend`" in entry["MESSAGE"] for entry in self.journal()))
        self.assertTrue(crosses(certificate))
        self.assertEqual((daemon(), property_of("ActiveState")), (before, "active"))

    # Certificates

    def test_keys_by_credential_are_renewed_by_a_restart_and_by_nothing_less(self):
        old = self.start_with_socket()
        self.assertEqual(served_certificate(), old)
        new = new_certificate()
        systemctl("reload", "drawbridge")
        self.event("reloaded")
        self.assertEqual(served_certificate(), old)
        systemctl("restart", "drawbridge")
        self.assertEqual(served_certificate(), new)

    def test_the_renewal_hook_renews_without_ending_a_session(self):
        old = new_certificate()
        drop_in(GROUP_KEYS)
        configure(WITH_PATHS + route())
        write("/etc/letsencrypt/renewal-hooks/deploy/other", "")
        install, _, call = documented("[`renew-hook`]", "sh").replace("sudo ", "").splitlines()
        machine.run("sh", "-c", install)
        machine.run("sh", "-c", call)  # the service does not run yet
        systemctl("start", "drawbridge")
        self.assertEqual(served_certificate(), old)
        key = machine.run("stat", "-c", "%a %U %G", f"/etc/ssl/private/{NAME}.key").stdout.strip()
        self.assertEqual(key, "640 root ssl-cert")

        async def renew():
            async with session(old) as browser:
                new = new_certificate()
                machine.run("sh", "-c", call)
                self.event("reloaded")
                self.assertEqual(served_certificate(), new)
                await browser.send(b"still there")
                self.assertEqual(await browser.recv(), b"still there")

        asyncio.run(asyncio.wait_for(renew(), PATIENCE))
        # Somebody else's certificate.
        machine.run("sh", "-c", call.replace(LINEAGE, "/etc/letsencrypt/live/other.example.org"))
        self.assertFalse((machine.root / "etc/ssl/private/other.example.org.key").exists())

    # Confinement

    def test_with_the_socket_unit_it_has_no_capability_and_serves_a_low_port_all_the_same(self):
        certificate = self.start_with_socket()
        for field in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            self.assertEqual(int(status(daemon(), field), 16), 0, field)
        self.assertEqual((status(daemon(), "NoNewPrivs"), status(daemon(), "Seccomp")), ("1", "2"))
        self.assertTrue(crosses(certificate))
        self.assertEqual(json.loads(machine.run("drawbridge", "ctl", "--json", "status").stdout)["routes"][0]["name"], "desk")
        rated = machine.run("systemd-analyze", "security", "--no-pager", "drawbridge.service").stdout
        self.assertLessEqual(float(re.search(r"exposure level for drawbridge.service: ([\d.]+)", rated)[1]), 1.2, rated)

    def test_its_user_exists_only_while_it_runs(self):
        self.start_with_socket()
        user = property_of("UID")
        self.assertIn(int(user), range(61184, 65520))  # those of DynamicUser=, systemd.exec(5)
        self.assertEqual(status(daemon(), "Uid"), user)
        self.assertEqual(machine.run("cat", f"/run/systemd/dynamic-uid/{user}").stdout.strip(), "drawbridge")
        self.assertEqual(machine.run("stat", "-c", "%a %u", "/var/lib/private/drawbridge").stdout.split(), ["700", user])
        systemctl("stop", "drawbridge")
        self.assertNotEqual(machine.run("test", "-e", f"/run/systemd/dynamic-uid/{user}", check=False).returncode, 0)

    def test_a_crash_leaves_no_core_and_the_service_comes_back(self):
        certificate = self.start_with_socket()
        self.assertRegex(Path(f"/proc/{daemon()}/limits").read_text(encoding="utf-8"), r"Max core file size +0 +0 ")
        systemctl("kill", "--kill-whom=main", "--signal=ABRT", "drawbridge")
        wait_for(lambda: property_of("NRestarts") == "1" and property_of("ActiveState") == "active", "the restart")
        exits = [entry for entry in self.journal() if entry.get("EXIT_CODE")]
        self.assertEqual([(entry["EXIT_CODE"], entry["EXIT_STATUS"]) for entry in exits], [("killed", "6")])
        self.assertEqual(machine.run("find", "/", "-xdev", "-name", "core*", "-newer", "/etc/drawbridge/drawbridge.yaml",
                                     "-type", "f").stdout, "")
        self.assertTrue(crosses(certificate))

    def test_a_stuck_worker_is_noticed_and_the_service_restarted(self):
        self.start_with_socket()
        self.assertEqual(property_of("WatchdogUSec"), "10s")
        systemctl("stop", *UNITS)
        # The same, but sooner.
        certificate = self.start_with_socket(WITH_SOCKET, "workers: 2\n" + route(), "[Service]\nWatchdogSec=1s\n")
        (worker,) = wait_for(lambda: threads(daemon(), "worker-0"), "a worker, and its name")
        for request in (PTRACE_SEIZE, PTRACE_INTERRUPT):
            self.assertEqual(libc.ptrace(request, worker, None, None), 0, os.strerror(ctypes.get_errno()))

        def restarted():
            try:
                # A thread that is traced is not gone before it was waited for.
                os.waitpid(worker, os.WNOHANG | WALL)
            except ChildProcessError:
                pass
            return property_of("NRestarts") == "1" and property_of("ActiveState") == "active"

        wait_for(restarted, "the restart")
        self.assertTrue(any("Watchdog timeout" in entry["MESSAGE"] for entry in self.journal()))
        self.assertTrue(crosses(certificate))

    # The journal

    def test_every_line_of_the_daemon_is_json_in_the_journal(self):
        certificate = self.start_with_socket()
        pid = property_of("MainPID")
        self.assertTrue(crosses(certificate))
        configure("wrong")
        systemctl("reload", "drawbridge", check=False)
        systemctl("stop", "drawbridge")
        entries = [entry for entry in self.journal() if entry.get("_PID") == pid]
        events = {json.loads(entry["MESSAGE"])["event"] for entry in entries}
        self.assertLessEqual({"listening", "ready", "session", "config_error", "reload_failed", "stopped"}, events)
        for entry in entries:
            self.assertEqual((entry["SYSLOG_IDENTIFIER"], entry["_SYSTEMD_UNIT"]), ("drawbridge", "drawbridge.service"))
            level = json.loads(entry["MESSAGE"])["level"]
            self.assertEqual(entry["PRIORITY"], {"info": "6", "warning": "4", "error": "3"}[level], entry["MESSAGE"])


if __name__ == "__main__":
    run_tests(DEBS)

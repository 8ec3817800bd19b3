"""A Debian 12 with systemd as its first process, that is gone without a trace when this process ends, however it ends.

`run_tests` runs the script again in its own mounts and processes: what is mounted or started there ends with it. The
tree that Debian is installed into is kept; each boot writes to memory above it."""

import ctypes
import hashlib
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import unittest
from pathlib import Path

SKIPPED = 77  # SKIP_RETURN_CODE of ctest
PATIENCE = 60  # seconds; only a failing test takes them
INSIDE = "DRAWBRIDGE_INSIDE_ITS_NAMESPACES"

TOOLS = {"debootstrap": "debootstrap", "systemd-nspawn": "systemd-container", "unshare": "util-linux",
         "setpriv": "util-linux", "nsenter": "util-linux", "dpkg-deb": "dpkg", "openssl": "openssl"}
# Beside what the package depends on.
BASE = ["curl", "dbus", "jq", "ssl-cert", "sudo", "systemd", "systemd-sysv"]

libc = ctypes.CDLL(None, use_errno=True)


def skip(why):
    print(f"skipped: {why}", flush=True)
    sys.exit(SKIPPED)


def in_namespaces_of_its_own():
    """Returns in the inner process only. The outer one passes its exit code on, and sweeps up."""
    if os.environ.get(INSIDE):
        # The first process of a namespace is sent no signal that it does not handle.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
        return
    if os.geteuid() != 0:
        skip("a container needs root")
    missing = sorted({package for tool, package in TOOLS.items() if not shutil.which(tool)})
    if missing:
        skip(f"missing: {', '.join(missing)} (./dev test systemd installs what is needed)")
    isolated = ["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    allowed = subprocess.run([*isolated, "true"], capture_output=True, text=True, check=False)
    if allowed.returncode != 0:
        skip(f"no namespaces of our own here: {allowed.stderr.strip()}")
    inner = subprocess.Popen([*isolated, sys.executable, "-B", *sys.argv], env=os.environ | {INSIDE: "1"})
    signal.signal(signal.SIGTERM, lambda *_: inner.kill())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal tells the inner one too
    code = inner.wait()
    sweep()
    sys.exit(code if code >= 0 else 128 - code)


def run_tests(debs):
    """The main program of a script whose tests need a package and a machine of their own."""
    in_namespaces_of_its_own()
    if importlib.util.find_spec("websockets") is None:
        skip("missing: python3-websockets (./dev test systemd installs what is needed)")
    if not any(debs.glob("*.deb")):
        skip(f"there is no package in {debs}")
    unittest.main(argv=[sys.argv[0], *sys.argv[4:]], verbosity=2)


def sweep():
    """Takes the control groups away as soon as the kernel has ended what was in them. Those of others are not empty."""
    deadline = time.monotonic() + 5
    while (groups := control_groups()) and time.monotonic() < deadline:
        for group in sorted(groups, reverse=True):
            try:
                group.rmdir()
            except OSError:
                time.sleep(0.05)


def control_groups():
    """Those that systemd-nspawn makes below ours."""
    found = set()
    for line in Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines():
        _, controllers, path = line.split(":", 2)
        for mount in ("", controllers.removeprefix("name="), "unified"):
            for name in ("payload", "supervisor"):
                top = Path("/sys/fs/cgroup") / mount / path.strip("/") / name
                found |= {top, *(group for group in top.rglob("*") if group.is_dir())} if top.is_dir() else set()
    return found


def needed_packages(deb):
    """What the package depends on, as packages of Debian: those of this machine, where it was linked."""
    installed = subprocess.run(["dpkg-query", "-W", "-f", "${Package}\t${Provides}\n"], capture_output=True, text=True,
                               check=True).stdout.splitlines()
    providers = {}
    for line in installed:
        package, provides = line.split("\t")
        for name in [package, *re.findall(r"([a-z0-9.+-]+)(?: \([^)]*\))?(?:, |$)", provides)]:
            providers.setdefault(name, package)
    depends = subprocess.run(["dpkg-deb", "-f", deb, "Depends"], capture_output=True, text=True, check=True).stdout
    names = [re.match(r"[a-z0-9.+-]+", part.strip())[0] for part in depends.split(",")]
    return sorted({*BASE, *(name if name in installed else providers.get(name, name) for name in names)})


def mirror():
    """Where this machine gets its own packages from."""
    targets = subprocess.run(["apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME) $(COMPONENT)"],
                             capture_output=True, text=True, check=False).stdout
    found = re.search(r"^(\S+) bookworm main$", targets, flags=re.M)
    return found[1] if found else "http://deb.debian.org/debian"


def base_tree(directory, packages):
    """Debian 12 with these packages, made once."""
    tree = directory / f"base-{hashlib.sha256(' '.join(packages).encode()).hexdigest()[:16]}"
    if tree.is_dir():
        return tree
    for old in directory.glob("base-*"):
        shutil.rmtree(old)
    directory.mkdir(parents=True, exist_ok=True)
    unfinished = directory / "base-unfinished"
    environment = dict(os.environ)
    proxy = subprocess.run(["apt-config", "shell", "proxy", "Acquire::http::Proxy"], capture_output=True, text=True,
                           check=False).stdout.strip().removeprefix("proxy=").strip("'")
    if proxy:
        environment.setdefault("http_proxy", proxy)
    with (directory / "debootstrap.log").open("w", encoding="utf-8") as log:
        made = subprocess.run(["debootstrap", "--variant=minbase", f"--include={','.join(packages)}", "bookworm", unfinished,
                               mirror()], stdout=log, stderr=log, env=environment, check=False)
    if made.returncode != 0:
        last = (directory / "debootstrap.log").read_text(encoding="utf-8").strip().splitlines()[-1:]
        skip(f"debootstrap made no Debian here, see {directory / 'debootstrap.log'}: {''.join(last)}")
    shutil.rmtree(unfinished / "var/cache/apt/archives", ignore_errors=True)
    (unfinished / "var/cache/apt/archives/partial").mkdir(parents=True)
    unfinished.rename(tree)
    return tree


class Container:
    """`root` is its file system, as it is seen from here."""

    def __init__(self, directory, tree):
        self.console = directory / "console.log"
        memory = directory / "machine"
        memory.mkdir(exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", memory], check=True)
        # What systemd-nspawn notes down is to go as well.
        notes = Path("/run/systemd/nspawn")
        notes.mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", notes], check=True)
        for name in ("upper", "work", "root"):
            (memory / name).mkdir()
        self.root = memory / "root"
        above = subprocess.run(["mount", "-t", "overlay", "-o", f"lowerdir={tree},upperdir={memory}/upper,workdir={memory}/work",
                                "overlay", self.root], capture_output=True, text=True, check=False)
        if above.returncode != 0:
            skip(f"no overlay here: {above.stderr.strip()}")
        self.nspawn = None

    def boot(self):
        # Where systemd runs this machine too, it gives the container a scope; elsewhere there is nobody to ask.
        place = [] if Path("/run/systemd/system").is_dir() else ["--keep-unit"]
        with self.console.open("w", encoding="utf-8") as console:
            self.nspawn = subprocess.Popen(
                ["systemd-nspawn", "-q", "--register=no", *place, "-D", self.root, "--boot", "--console=pipe",
                 "--private-network"], stdin=subprocess.DEVNULL, stdout=console, stderr=console)
        wait_for(lambda: self.nspawn.poll() is not None or self.first_process(), "a first process")
        wait_for(lambda: self.nspawn.poll() is not None or self.run("systemctl", "is-system-running", check=False).stdout
                 .strip() in ("running", "degraded"), "the end of booting")
        if self.nspawn.poll() is not None:
            skip(f"systemd-nspawn boots nothing here: {self.console.read_text(encoding='utf-8').strip()}")
        # Clients are on its network: this process is from now on.
        with open(f"/proc/{self.first_process()}/ns/net", encoding="utf-8") as network:
            if libc.setns(network.fileno(), 0x40000000) != 0:  # CLONE_NEWNET
                raise OSError(ctypes.get_errno(), "setns")

    def first_process(self):
        """Its systemd, by the number that it has out here; empty before there is one."""
        children = Path(f"/proc/{self.nspawn.pid}/task/{self.nspawn.pid}/children").read_text(encoding="utf-8").split()
        systemd = [pid for pid in children if Path(f"/proc/{pid}/comm").read_text(encoding="utf-8") == "systemd\n"]
        return systemd[0] if systemd else ""

    def run(self, *command, check=True):
        done = subprocess.run(
            ["nsenter", "-t", self.first_process(), "-a", "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
             "DEBIAN_FRONTEND=noninteractive", *command],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=2 * PATIENCE, check=False)
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(command)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def power_off(self):
        self.run("systemctl", "poweroff", check=False)
        self.nspawn.wait(timeout=PATIENCE)


def wait_for(condition, what):
    """What the condition gave when it held."""
    deadline = time.monotonic() + PATIENCE
    while True:
        held = condition()
        if held:
            return held
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {PATIENCE} s in vain for {what}")
        time.sleep(0.05)

"""What is in the Debian package. Usage: package_test.py SOURCES DIRECTORY, which holds the .deb."""

import gzip
import io
import re
import shutil
import subprocess
import sys
import tarfile
import unittest
from pathlib import Path

SOURCES, DIRECTORY = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
DOC = "usr/share/doc/drawbridge"

# Whoever packages for Debian itself closes a bug with the first upload; nobody else has one to close.
NOT_FOR_US = ["initial-upload-closes-no-bugs"]

# What must be there, and as which file of the checkout.
CONTENTS = {
    "etc/drawbridge/drawbridge.yaml": "conf/default.yaml",
    "usr/lib/systemd/system/drawbridge.service": "systemd/drawbridge.service",
    "usr/lib/systemd/system/drawbridge.socket": "systemd/drawbridge.socket",
    "usr/share/bash-completion/completions/drawbridge": "completions/drawbridge",
    "usr/share/drawbridge/client/drawbridge.d.ts": "client/drawbridge.d.ts",
    "usr/share/drawbridge/client/drawbridge.js": "client/drawbridge.js",
    "usr/share/drawbridge/client/package.json": "client/package.json",
    "usr/share/drawbridge/drawbridge.schema.json": "conf/drawbridge.schema.json",
    "usr/share/man/man1/drawbridge.1.gz": "docs/drawbridge.1",
    "usr/share/man/man5/drawbridge.yaml.5.gz": "docs/drawbridge.yaml.5",
    f"{DOC}/README.md": "README.md",
    f"{DOC}/SECURITY.md": "SECURITY.md",
    f"{DOC}/changelog.Debian.gz": "cmake/debian/changelog",
    f"{DOC}/changelog.gz": "CHANGELOG.md",
    f"{DOC}/client/README.md": "client/README.md",
    f"{DOC}/conf/drawbridge.yaml": "conf/drawbridge.yaml",
    f"{DOC}/conf/monitoring/alerts.yaml": "conf/monitoring/alerts.yaml",
    f"{DOC}/conf/monitoring/dashboard.json": "conf/monitoring/dashboard.json",
    f"{DOC}/copyright": "cmake/debian/copyright",
    f"{DOC}/systemd/renew-hook": "systemd/renew-hook",
}
CONTENTS |= {f"{DOC}/{page.relative_to(SOURCES)}": str(page.relative_to(SOURCES))
             for page in (SOURCES / "docs").rglob("*") if page.is_file() and not page.name.startswith("drawbridge.")}


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, timeout=120).stdout


class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        (cls.deb,) = DIRECTORY.glob("*.deb")
        cls.archive = tarfile.open(fileobj=io.BytesIO(run("dpkg-deb", "--fsys-tarfile", cls.deb)))
        cls.members = {member.name.removeprefix("./"): member for member in cls.archive.getmembers()}
        cls.control = tarfile.open(fileobj=io.BytesIO(run("dpkg-deb", "--ctrl-tarfile", cls.deb)))
        cls.fields = dict(re.findall(r"^([A-Za-z-]+): (.*)$", cls.control_file("control"), flags=re.M))

    @classmethod
    def control_file(cls, name):
        return cls.control.extractfile(f"./{name}").read().decode()

    def read(self, name):
        data = self.archive.extractfile(self.members[name]).read()
        return gzip.decompress(data) if name.endswith(".gz") else data

    def test_it_holds_these_files_and_no_others(self):
        files = {name for name, member in self.members.items() if not member.isdir()}
        self.assertEqual(files, {*CONTENTS, "usr/bin/drawbridge"})
        for name, source in CONTENTS.items():
            self.assertEqual(self.read(name), (SOURCES / source).read_bytes(), name)

    def test_they_belong_to_root_and_only_root_may_change_them(self):
        for name, member in self.members.items():
            with self.subTest(name):
                executable = member.isdir() or name == "usr/bin/drawbridge"
                self.assertEqual(oct(member.mode & 0o7777), oct(0o755 if executable else 0o644))
                self.assertEqual((member.uname, member.gname), ("root", "root"))
        for script in ("postinst", "prerm", "postrm"):
            self.assertEqual(self.control.getmember(f"./{script}").mode & 0o7777, 0o755)

    def test_the_configuration_is_the_operators(self):
        self.assertEqual(self.control_file("conffiles"), "/etc/drawbridge/drawbridge.yaml\n")
        self.assertTrue(self.members["etc/drawbridge/conf.d"].isdir())
        self.assertIn('include: [ "conf.d/*.yaml" ]', self.read("etc/drawbridge/drawbridge.yaml").decode())

    def test_the_versions_agree(self):
        version = re.search(r"^project\(drawbridge VERSION (\S+)", (SOURCES / "CMakeLists.txt").read_text(), flags=re.M)[1]
        newest = re.match(r"drawbridge \((\S+)\) ", self.read(f"{DOC}/changelog.Debian.gz").decode())[1]
        self.assertEqual(self.fields["Version"], newest)
        self.assertEqual(newest.rsplit("-", 1)[0], version)

    def test_the_licence_is_that_of_the_checkout(self):
        def words(text):
            return [word for word in text.split() if word != "."]

        licence = words((SOURCES / "LICENSE").read_text().split("\n\n", 2)[2])
        self.assertGreater(len(licence), 100)
        self.assertIn(" ".join(licence), " ".join(words(self.read(f"{DOC}/copyright").decode())))

    def test_every_path_that_is_named_is_there(self):
        pages = [name for name in self.members if "/man/" in name or "/systemd/" in name or name.startswith("etc/")]
        named = {path.rstrip("./") for page in pages if self.members[page].isfile()
                 for path in re.findall(r"/(?:usr/[\w./-]*|etc/)drawbridge[\w./-]*", self.read(page).decode())}
        self.assertGreater(len(named), 5)
        self.assertEqual({path for path in named if path[1:] not in self.members}, set())

    def test_what_the_units_and_scripts_call_is_depended_on(self):
        needs = {"/usr/bin/drawbridge": None, "/bin/kill": "procps"}
        unit = self.read("usr/lib/systemd/system/drawbridge.service").decode()
        called = set(re.findall(r"^Exec\w+=(\S+)", unit, flags=re.M))
        self.assertLessEqual(called, set(needs))
        depends = re.findall(r"(?:^|, )([a-z0-9.+-]+)", self.fields["Depends"])
        for program in called:
            if needs[program]:
                self.assertIn(needs[program], depends)
        self.assertIn("libssl3", depends)

    def test_lintian_has_nothing_to_say(self):
        said = subprocess.run(["lintian", "--no-cfg", "--fail-on", "error,warning", "--allow-root", "--tag-display-limit", "0",
                               "--suppress-tags", ",".join(NOT_FOR_US), self.deb],
                              capture_output=True, text=True, timeout=240, check=False)
        self.assertEqual((said.returncode, said.stdout), (0, ""), said.stderr)


if __name__ == "__main__":
    missing = [tool for tool in ("dpkg-deb", "lintian") if not shutil.which(tool)]
    if missing or not any(DIRECTORY.glob("*.deb")):
        missing = missing or ["the package itself"]
        print(f"skipped: {' and '.join(missing)} missing (./dev package installs what is needed)")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1], verbosity=1)

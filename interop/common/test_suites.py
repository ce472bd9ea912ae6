"""Tests of the programs of other Debian suites, with an apt that downloads nothing."""

import contextlib
import io
import os
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import suites
from tools import Failure, run

# Knows one package, and its archives only after an update.
APT = """#!/bin/sh
echo "$*" >> "$CALLS"
case "$*" in
    indextargets*) [ ! -e "$CALLS.updated" ] || echo "$ARCHIVE" ;;
    *"update") touch "$CALLS.updated" ;;
    *nginx) folder=${*#*archives=}; touch "${folder%% *}/nginx_1.30_amd64.deb" "${folder%% *}/libc6_2.42_amd64.deb" ;;
    *) echo "E: Unable to locate package" >&2; exit 100 ;;
esac
"""

DPKG = """#!/bin/sh
case "$1 $2" in
    --extract*nginx_*) mkdir -p "$3/usr/sbin"; touch "$3/usr/sbin/nginx" ;;
    --extract*libc6_*)
        mkdir -p "$3/usr/lib64" "$3/usr/lib/here"
        printf '#!/bin/sh\\necho "$@"\\n' > "$3/usr/lib64/ld-linux.so.2"
        chmod +x "$3/usr/lib64/ld-linux.so.2"
        touch "$3/usr/lib/here/libc.so.6" ;;
    --contents*) echo "drwxr-xr-x root/root 0 2026-01-01 00:00 ./usr/sbin/"
        echo "-rwxr-xr-x root/root 9 2026-01-01 00:00 ./usr/sbin/nginx"
        echo "-rw-r--r-- root/root 9 2026-01-01 00:00 ./usr/share/doc/nginx/README" ;;
esac
"""


class Suites(unittest.TestCase):
    def setUp(self):
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.calls = folder / "calls"
        self.cache = folder / "cache/axum-trailers"
        for name, script in (("apt-get", APT), ("dpkg-deb", DPKG)):
            (folder / name).write_text(script)
            (folder / name).chmod(0o755)
        environment = {
            "PATH": f"{folder}:{os.environ['PATH']}", "XDG_CACHE_HOME": str(folder / "cache"), "CALLS": str(self.calls),
            "ARCHIVE": "file:/archive",
        }
        self.enterContext(mock.patch.dict(os.environ, environment))
        self.enterContext(contextlib.redirect_stdout(io.StringIO()))

    def test_a_program_is_started_with_the_libraries_of_its_suite(self):
        folder = suites.folder("sid", "nginx")
        root = folder.parent / "root"
        self.assertEqual([file.name for file in folder.iterdir()], ["nginx"])
        started = run([folder / "nginx", "-c", "a b"], 9)
        self.assertEqual(started, f"--library-path {root}/usr/lib/here {root}/usr/sbin/nginx -c a b\n")
        [sources] = self.cache.glob("debian-sid-lists-*/sources.list")
        self.assertRegex(sources.read_text(), "^deb .* file:/archive sid main\n$")

    def test_it_is_downloaded_once(self):
        self.assertEqual(suites.folder("sid", "nginx"), suites.folder("sid", "nginx"))
        self.assertEqual(self.calls.read_text().count("--download-only"), 1)

    def test_older_folders_are_removed_except_the_last_one(self):
        for name in ("debian-sid-nginx", "debian-sid-lists", "debian-trixie-nginx", "nginx"):
            for age, key in enumerate(["last", "old"]):
                (self.cache / f"{name}-{key}").mkdir(parents=True)
                os.utime(self.cache / f"{name}-{key}", (9 - age, 9 - age))
        suites.folder("sid", "nginx")
        self.assertEqual(len(list(self.cache.glob("*-last"))), 4)
        self.assertEqual(sorted(folder.name for folder in self.cache.glob("*-old")), ["debian-trixie-nginx-old", "nginx-old"])

    def test_a_package_that_is_not_there(self):
        with self.assertRaisesRegex(Failure, "^nothing of Debian sid can't be downloaded: (?s:.*)E: Unable to locate package"):
            suites.folder("sid", "nothing")

    def test_no_archive_of_debian(self):
        os.environ["ARCHIVE"] = ""
        with self.assertRaisesRegex(Failure, "^nginx of Debian sid can't be downloaded: apt has no archive of Debian in"):
            suites.folder("sid", "nginx")


if __name__ == "__main__":
    unittest.main()

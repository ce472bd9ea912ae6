"""Tests of programs that are started with their configuration, and of what is read and compared: `python3 -m unittest`."""

import socket
import sys
import tempfile
import time
import unittest
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

import console
import manifest
import markdown
from programs import Addresses, Program, started
from sources import Release
from tools import Failure

# Serves its folder on the port of its configuration.
SERVER = [sys.executable, "-c", "import http.server, pathlib, runpy, sys; port = pathlib.Path('port').read_text();"
          " sys.argv = ['http.server', port]; runpy.run_module('http.server', run_name='__main__')"]

# The same, which ends after three seconds: a busy machine needs more than one to start it.
ENDS = [*SERVER[:2], f"import os, threading; threading.Timer(3, lambda: os._exit(3)).start(); {SERVER[2]}"]


class Started(unittest.TestCase):
    def setUp(self):
        self.root = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def started(self, command, **more):
        program = Program("a program", command, {"port": "8081"}, [8081], **more)
        return started(program, Addresses({8080: 20080}), self.root / "folder")

    def test_it_listens_on_a_free_port_and_ends(self):
        with self.started(SERVER) as addresses:
            url = f"http://127.0.0.1:{addresses[8081]}/"
            with urllib.request.urlopen(f"{url}port") as response:
                self.assertEqual(response.read().decode(), str(addresses[8081]))
            for name in ("cert.pem", "combined.pem"):
                with urllib.request.urlopen(url + name) as response:
                    self.assertIn(b"BEGIN CERTIFICATE", response.read())
        with self.assertRaises(OSError):
            urllib.request.urlopen(url)

    def test_it_is_awaited_over_udp(self):
        listens = "import socket, time; s = socket.socket(type=socket.SOCK_DGRAM); s.bind(('127.0.0.1', 8083)); time.sleep(9)"
        program = Program("a program", [sys.executable, "-c", f"import time; time.sleep(0.3); {listens}"], {}, [], udp=[8083])
        with started(program, Addresses({}), self.root / "folder") as addresses:
            with socket.socket(type=socket.SOCK_DGRAM) as other, self.assertRaises(OSError):
                other.bind(("127.0.0.1", addresses[8083]))

    def test_one_that_does_not_listen_shows_its_log(self):
        with self.assertRaisesRegex(Failure, r"does not listen on \d+\nThe log of a program:\n  \| wrong: 8080 is 20080"):
            with self.started(["sh", "-c", "echo wrong: 80''80 is 8080"]):
                self.fail("it does not listen")

    def test_one_that_is_missing(self):
        with self.assertRaisesRegex(Failure, "a program can't be started"), self.started(["/nonexistent"]):
            self.fail("it can't be started")

    def test_one_that_ends_by_itself(self):
        with self.assertRaisesRegex(Failure, "ended with 3"), self.started(ENDS) as addresses:
            self.wait_for_the_end(addresses)

    def test_one_that_may_end_by_itself(self):
        with self.started(ENDS, may_end=True) as addresses:
            self.wait_for_the_end(addresses)

    def wait_for_the_end(self, addresses):
        for _ in range(1000):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{addresses[8081]}/", timeout=1).close()
            except OSError:
                # Its port is closed a moment before it has ended.
                time.sleep(0.2)
                return
            time.sleep(0.01)
        self.fail("it does not end")


class Ports(unittest.TestCase):
    def test_only_whole_numbers_are_ports(self):
        addresses = Addresses({8080: 21000, 3000: 22000}, "/run/socket")
        text = "localhost:8080 18080 3000ms unix:/run/axum-trailers/http.sock"
        self.assertEqual(addresses.applied(text), "localhost:21000 18080 3000ms unix:/run/socket")
        self.assertEqual(addresses.undone("localhost:21000"), "localhost:8080")


class Sources(unittest.TestCase):
    def test_what_is_no_source_is_an_error(self):
        for source in ({}, {"brew": "nginx"}, {"debian": "nginx", "pypi": "nginx"}):
            with self.subTest(source), self.assertRaisesRegex(Failure, "not a source"):
                Release("1", source, ["true"], ["true"]).prepared(Path("."))

    def test_another_version_is_an_error(self):
        release = Release("1.2", {"debian": "x"}, ["echo", "x/1.2.3"], [])
        self.assertEqual(release.full_version("x", None, Path(".")), "1.2.3")
        for printed in ("x/1.20.3", "x/1.3"):
            with self.subTest(printed), self.assertRaisesRegex(Failure, "the tables are about 1.2"):
                Release("1.2", {"debian": "x"}, ["echo", printed], []).full_version("x", None, Path("."))


@dataclass
class Inner:
    to_origin: str


@dataclass
class Outer:
    name: str
    inner: list[Inner]
    from_: str | None = None
    named: dict[str, str] = field(default_factory=dict)


class Manifest(unittest.TestCase):
    def load(self, text):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "x.toml")
            file.write_text(text)
            return manifest.load(Outer, file)

    def test_tables_become_dataclasses(self):
        text = 'name = "a"\nfrom = "1.2"\n[[inner]]\nto-origin = "h2c"\n[named]\nx = "y"\n'
        self.assertEqual(self.load(text), Outer("a", [Inner("h2c")], "1.2", {"x": "y"}))

    def test_what_is_wrong_is_an_error(self):
        for text, words in {
            "name": "x.toml: ", 'name = "a"': "missing members: inner", "name = 1\ninner = []": "name: 1 where a str",
            'name = "a"\ninner = [1]': r"inner\[0\]: 1 where a table", 'name = "a"\ninner = []\nx = 1': "unknown members: x",
            'name = "a"\ninner = []\nnamed = { x = 1 }': "named.x: 1 where a str",
        }.items():
            with self.subTest(text), self.assertRaisesRegex(Failure, words):
                self.load(text)


class Console(unittest.TestCase):
    def check(self, command, prints, lacks=()):
        with tempfile.TemporaryDirectory() as folder:
            console.check("A fault", command, prints, lacks, Addresses({8443: 21443}), Path(folder), folder)

    def test_lines_come_in_their_order_with_the_ports_of_the_document(self):
        self.check("echo one; echo localhost:8443 two; echo error >&2", "one\nlocalhost:8443 …\nerror")

    def test_what_differs_is_an_error(self):
        for command, prints, lacks, words in [
            ("echo two; echo one", "one\ntwo", [], "prints no line like «two»"), ("echo one", "one more", [], "no line like"),
            ("echo one", "…", ["o…e"], "prints a line like «o…e»"),
        ]:
            with self.subTest(command), self.assertRaisesRegex(Failure, words):
                self.check(command, prints, lacks)


class Markdown(unittest.TestCase):
    def test_content_between_markers(self):
        for was in ("", "was\n", "was\nwas\n"):
            text = f"a\n<!-- x -->\n{was}<!-- /x -->\nb\n"
            self.assertEqual(markdown.replaced(text, "x", "is"), "a\n<!-- x -->\nis\n<!-- /x -->\nb\n")
        with self.assertRaisesRegex(Failure, "no markers for the y"):
            markdown.replaced("<!-- x -->\n<!-- /x -->", "y", "")

    def test_blocks_of_code(self):
        self.assertEqual(markdown.code("main.go", "package main\n"), "```go\npackage main\n```")
        self.assertEqual(markdown.code("nginx.conf", "\nevents {}\n\n"), "```text\nevents {}\n```")


if __name__ == "__main__":
    unittest.main()

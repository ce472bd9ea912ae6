"""Tests how answers are judged, and that a difference is a failure: `python3 -m unittest`."""

import sys
import tempfile
import unittest
from contextlib import redirect_stderr, redirect_stdout
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from io import StringIO
from pathlib import Path
from shutil import copy, copytree
from unittest import mock

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "common"))

import document  # noqa: E402
import results  # noqa: E402
from questions import HANGS, Interview  # noqa: E402
from server import Death, Probe, Server, Shortest, load, servers  # noqa: E402
from tools import Failure  # noqa: E402

DIGEST = {"section": "trailer", "matches": True}
CUT = "cut: the connection was closed before the end of the message"

DESCRIPTION = """
name = "a server"
shortest = []
meaningless = {meaningless}
programs = [{{ version = "1", source = {{ debian = "x" }}, prints-version = ["x"], command = ["x"] }}]
probe = {{ file = "probe.py", urls = {urls}, unless = {unless} }}
deaths = [{{ words = "it dies", path = "/dies", varies = {varies} }}]
faults = [{{ says = "", command = "", prints = "{prints}", programs = {programs} }}]
"""


def report(trailers=(["content-digest", "…"], ["x-sum", "1"]), announced=(), verdict="verified", **more):
    return {
        "status": 200, "bytes": 6, "trailers": list(trailers) or None, "announced": list(announced), "verdict": verdict,
        "compared": [DIGEST] if trailers else [], "message": verdict, "seconds": 0.1,
    } | more


NOTHING = report((), verdict="unverified")


class Answers:
    """A client with prepared answers."""

    protocol = "HTTP/2"

    def __init__(self, changed):
        # By path, and for requests without `TE`.
        self.reports = {"/trailers": report(), "/announced": report(announced=["x-sum"])} | changed
        self.exchanges = {"announced": ("x-sum: 1\n", None), "unannounced": ("x-sum: 1\n", None), "put": ("content-digest: …\n", None)}
        self.exchanges |= changed

    def get(self, url, te=True):
        return self.reports.get(f"{url} without TE", self.reports[url]) if not te else self.reports[url]

    def post(self, url, *options):
        return self.exchanges["unannounced" if options else "announced"]

    def put(self, url):
        return self.exchanges["put"]


def server(**more):
    urls = {"HTTP/2": "https://localhost:8443"}
    return Server(
        name="a server", programs=[], shortest=[Shortest("shortest.py", urls)], probe=Probe("probe.py", urls),
        deaths=[Death("it dies", "/dies")], **more,
    )


def interview(changed=None, **more):
    return Interview(server(**more), Answers(changed or {}), "")


def answers(changed=None, **more):
    return interview(changed, **more).answers()


class Judgement(unittest.TestCase):
    def test_a_server_that_can_do_everything(self):
        self.assertEqual(answers(), {
            "with TE": "yes", "without TE": "yes", "announced": "by the program", "digest": "verifies", "request trailers": "yes",
        })

    def test_who_announces(self):
        for expected, changed in {
            "by the server": {"/trailers": report(announced=["x-sum"])},
            "by the program, or none is sent": {"/trailers": NOTHING},
            "never": {"/announced": report()},
            "in vain": {"/trailers": NOTHING, "/announced": report((), ["x-sum"], "trailer_missing")},
            "none is sent": {"/trailers": NOTHING, "/announced": NOTHING},
        }.items():
            with self.subTest(expected):
                self.assertEqual(answers(changed)["announced"], expected)

    def test_a_server_that_waits_for_te(self):
        found = answers({"/announced without TE": NOTHING})
        self.assertEqual((found["with TE"], found["without TE"]), ("yes", "no"))

    def test_a_wrong_digest(self):
        wrong = report(announced=["x-sum"], verdict="digest_differs", message="the digest differs")
        self.assertEqual(answers({"/announced": wrong})["digest"], "the digest differs")

    def test_request_trailers(self):
        nothing, refused = ("", None), ("", "refused: 411 Length Required")
        for expected, changed in {
            "no": dict.fromkeys(["announced", "unannounced", "put"], nothing),
            "if announced": {"unannounced": nothing},
            "refused: 411 Length Required": dict.fromkeys(["announced", "unannounced", "put"], refused),
            "announced: yes; unannounced: yes; of `put`: no": {"put": nothing},
        }.items():
            with self.subTest(expected):
                self.assertEqual(answers(changed)["request trailers"], expected)

    def test_deaths(self):
        for expected, found in {
            "complete": report((), verdict="unverified"),
            "complete, with trailers": report(),
            "complete, without the announced trailer": report((), ["x-sum"], "trailer_missing"),
            "hangs": report((), verdict="cut", message=HANGS),
            CUT: report((), verdict="cut", message=CUT),
            "refused: 502 Bad Gateway": report((), verdict="refused", message="refused: 502 Bad Gateway"),
        }.items():
            with self.subTest(expected):
                self.assertEqual(interview({"/dies": found}).death(Death("it dies", "/dies")), expected)

    def test_deaths_that_vary(self):
        dying = Death("it dies", "/dies", varies={"HTTP/2": [CUT, "hangs"]})
        for expected, found in {
            f"{CUT}; or hangs": report((), verdict="cut", message=HANGS),
            "complete": report((), verdict="unverified"),
        }.items():
            self.assertEqual(interview({"/dies": found}).death(dying), expected)

    def test_deaths_that_take_long(self):
        found = report((), verdict="cut", message=CUT, seconds=5.02)
        self.assertEqual(interview({"/dies": found}).death(Death("it dies", "/dies")), f"{CUT}, after 5 s")

    def test_what_nothing_can_be_concluded_from(self):
        for what, changed in {
            "an error": {"/trailers": report(status=404)},
            "other content": {"/trailers": report(bytes=7)},
            "a cut": {"/trailers": report(verdict="cut")},
            "trailers only if they are not announced": {"/announced": NOTHING},
        }.items():
            with self.subTest(what), self.assertRaises(Failure):
                answers(changed)
        with self.assertRaises(Failure):
            interview({"/dies": report(verdict="not_connected")}).death(Death("it dies", "/dies"))

    def test_questions_without_meaning(self):
        self.assertEqual(answers(meaningless={"announced": "not in gRPC"})["announced"], "not in gRPC")


def load_run():
    loader = SourceFileLoader("run", str(HERE / "run"))
    module = module_from_spec(spec_from_loader("run", loader))
    loader.exec_module(module)
    return module


class Measured:
    """In place of a measurement: it finds what is in the committed results.txt, unless a test changes that."""

    known, versions, broken = {}, {}, []

    def __init__(self, server, release, _binary, _folder):
        self._name, self._version = server.folder.name, release.version
        self.version = self.versions[self._name][release.version]

    def results(self):
        return {program: answers for program, answers in self.known[self._name].items() if program[0] == self._version}

    def failures(self):
        return self.broken


class Run(unittest.TestCase):
    """The whole run, with copies of the committed files."""

    def setUp(self):
        self.root = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.document = self.root / "docs/servers.md"
        self.document.parent.mkdir()
        copy(document.DOCUMENT, self.document)
        folder = self.root / "interop/servers"
        copytree(HERE, folder)
        self.servers = {name: load(folder / name) for name in servers()}
        read = {name: results.read(server.results) for name, server in self.servers.items()}
        self.versions = {name: versions for name, (versions, _) in read.items()}
        self.known = {name: found for name, (_, found) in read.items()}
        self.script = load_run()
        for target, value in {
            "committed.ROOT": self.root, "document.DOCUMENT": self.document, "servers": lambda: self.servers, "end_well": mock.Mock(),
            "Measurement": type("Measured", (Measured,), {"known": self.known, "versions": self.versions}),
        }.items():
            patched = mock.patch(target, value) if "." in target else mock.patch.object(self.script, target, value)
            self.enterContext(patched)

    def failure(self, *options):
        """What a run prints if it fails."""
        self.printed = StringIO()
        with mock.patch("sys.argv", ["run", sys.executable, *options]), redirect_stdout(self.printed):
            try:
                self.script.main()
            except SystemExit as end:
                return str(end)
        return None

    def change(self, path, was, now):
        text = path.read_text()
        self.assertIn(was, text)
        path.write_text(text.replace(was, now, 1))

    def test_an_unknown_server(self):
        with redirect_stderr(StringIO()) as printed:
            self.assertEqual(self.failure("--only", "go,nothing"), "2")
        self.assertIn("no server nothing; there are aioquic, apache, ", printed.getvalue())

    def test_nothing_has_changed(self):
        self.assertIsNone(self.failure())
        self.assertIsNone(self.failure("--short"))
        self.assertIsNone(self.failure("--only", "go,nginx"))

    def test_each_answer_that_is_changed_by_hand(self):
        for name in ("apache", "go", "tonic", "uvicorn"):
            server = self.servers[name]
            text = server.results.read_text()
            for line in sorted({line for line in text.splitlines() if " → " in line}):
                question, _, answer = line.partition(" → ")
                for other in ("yes" if answer == "no" else "no", "nonsense"):
                    with self.subTest(f"{name}: {line.strip()}, {other}"):
                        server.results.write_text(text.replace(f"{line}\n", f"{question} → {other}\n", 1))
                        failure = self.failure("--only", name)
                        self.assertIn(f"\n-{question} → {other}\n", failure)
                        self.assertIn(f"\n+{line}\n", failure)
            server.results.write_text(text)

    def test_a_cell_that_contradicts_server_toml(self):
        self.change(self.servers["uvicorn"].results, "with TE → no", "with TE → yes")
        failure = self.failure("--short")
        self.assertIn("uvicorn can, but `sends` is not set", failure)
        # The difference of the document, and that of what was measured.
        self.assertRegex(failure, r"\n\+\| \[uvicorn\]\(#uvicorn\) \| over HTTP/1.1 only")
        self.assertRegex(failure, r"(?s)\n-    with TE → yes\n\+    with TE → no")

    def test_lines_that_are_removed_or_not_understood(self):
        text = self.servers["go"].results.read_text()
        for was, now in {
            "    with TE → yes\n": "", "    with TE → yes": "    with TE", "1.19, HTTP/2": "1.18, HTTP/2", "# What": "# That",
            "version 1.19: 1.19.8\n": "",
        }.items():
            with self.subTest(was):
                self.change(self.servers["go"].results, was, now)
                self.assertIn(f"\n+{was.rstrip()}", self.failure("--only", "go"))
                self.servers["go"].results.write_text(text)
        self.servers["go"].results.unlink()
        self.assertIn("\n+    with TE → yes\n", self.failure("--only", "go"))

    def test_answers_of_a_version_that_server_toml_does_not_have(self):
        path = self.servers["go"].results
        path.write_text(path.read_text() + "\n1.18, HTTP/2\n    with TE → yes\n")
        self.assertRegex(self.failure("--only", "nginx"), "Go net/http: results.txt is about .*1.18, HTTP/2.*, server.toml about ")

    def test_another_whole_version(self):
        self.versions["go"] = {version: f"{version}.99" for version in self.versions["go"]}
        self.assertIsNone(self.failure("--only", "go"))
        self.assertIn("note: go is 1.19.99 here, 1.19.8 in results.txt", self.printed.getvalue())
        self.assertIsNone(self.failure("--write"))
        self.assertIn("| 1.19.99, 1.27.99 |", self.document.read_text())

    def test_a_document_that_is_changed_by_hand(self):
        self.change(self.document, "| verifies |", "| differs |")
        self.assertRegex(self.failure("--short"), r"(?s)\n-[^\n]*\| differs \|.*\n\+[^\n]*\| verifies \|")
        self.change(self.document, "| differs |", "| verifies |")
        self.change(self.document, "return 200 \"hello", "return 201 \"hello")
        self.assertRegex(self.failure("--short"), r"(?s)\n-[^\n]*return 201.*\n\+[^\n]*return 200")

    def test_a_shortest_program_that_is_changed(self):
        self.change(self.servers["go"].folder / "shortest.go", "hello", "good day")
        self.assertRegex(self.failure("--short"), r"(?s)\n-[^\n]*hello.*\n\+[^\n]*good day")

    def test_a_server_that_behaves_otherwise(self):
        for name, changed, line in (
            ("go", {"announced": "by the server"}, "    announced → by the server"),
            ("nginx", {"with TE": "no"}, "    with TE → no"),
            ("uvicorn", {"an exception in the middle": "complete"}, "    an exception in the middle → complete"),
        ):
            with self.subTest(name):
                self.known[name] = {program: answers | changed for program, answers in self.known[name].items()}
                self.assertIn(f"\n+{line}\n", self.failure("--short"))

    def test_a_command_that_prints_something_else(self):
        with mock.patch.object(Measured, "broken", ["shortest.go sends no trailer"]):
            self.assertIn("Go net/http: 1.27: shortest.go sends no trailer", self.failure("--only", "go"))

    def test_that_both_are_reported(self):
        self.known["go"] = {program: answers | {"digest": "differs"} for program, answers in self.known["go"].items()}
        with mock.patch.object(Measured, "broken", ["shortest.go sends no trailer"]):
            failure = self.failure("--only", "go")
        self.assertIn("shortest.go sends no trailer", failure)
        self.assertIn("\n+    digest → differs\n", failure)

    def test_writing(self):
        self.known["go"] = {program: answers | {"digest": "differs"} for program, answers in self.known["go"].items()}
        self.assertIsNone(self.failure("--write"))
        self.assertIn("| differs |", self.document.read_text())
        self.assertIsNone(self.failure())


class Document(unittest.TestCase):
    def test_a_server_without_a_heading(self):
        name, one = next(iter(servers().items()))
        with self.assertRaisesRegex(Failure, "no headings"):
            document.written(document.DOCUMENT.read_text().replace(f"## {one.name}", "## Another"), {name: one})


class Description(unittest.TestCase):
    def loaded(self, **changed):
        members = {"urls": '{ "HTTP/2" = "" }', "meaningless": "{}", "varies": "{}", "unless": "{}", "programs": "[]", "prints": "hello"} | changed
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "server.toml").write_text(DESCRIPTION.format(**members))
            return load(Path(folder))

    def test_what_does_not_exist(self):
        self.loaded()
        for unknown, changed in {
            "HTTP/4": {"urls": '{ "HTTP/4" = "" }'},
            "3": {"unless": '{ "3" = ["HTTP/2"] }'},
            "HTTP/3": {"unless": '{ "1" = ["HTTP/3"] }'},
            "announce": {"meaningless": '{ announce = "never" }'},
            "HTTP/1.1": {"varies": '{ "HTTP/1.1" = ["cut"] }'},
            "2": {"programs": '["2"]'},
            "nothing shows": {"prints": "…"},
        }.items():
            with self.subTest(unknown), self.assertRaisesRegex(Failure, unknown):
                self.loaded(**changed)


if __name__ == "__main__":
    unittest.main()

"""Tests how answers are judged, and that a difference is a failure: `python3 -m unittest`."""

import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "common"))

import document  # noqa: E402
import results  # noqa: E402
from questions import HANGS, Interview  # noqa: E402
from server import Death, Probe, Server, Shortest, load, servers  # noqa: E402
from tools import Failure  # noqa: E402

DIGEST = {"section": "trailer", "matches": True}
CUT = "cut: the connection was closed before the end of the message"


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
        with self.assertRaises(Failure):
            answers(meaningless={"announce": "not in gRPC"})


class Differences(unittest.TestCase):
    def compared(self, text, found):
        # Differences have paths below the root.
        with tempfile.TemporaryDirectory() as folder, mock.patch("committed.ROOT", Path(folder)):
            path = Path(folder, "results.txt")
            path.write_text(text)
            results.compare(path, found)

    def test_a_cell_that_is_changed_by_hand(self):
        found = {("1", "HTTP/2"): answers(), ("2", "HTTP/2"): answers()}
        text = results.written(found)
        self.compared(text, found)
        changed = text.replace("with TE → yes", "with TE → no", 1)
        with self.assertRaisesRegex(Failure, r"(?s)-    with TE → no\n\+    with TE → yes"):
            self.compared(changed, found)
        # The short form asks only some programs.
        self.compared(changed, {("2", "HTTP/2"): answers()})

    def test_a_protocol_that_is_missing(self):
        with self.assertRaisesRegex(Failure, r"-1, HTTP/1.1"):
            self.compared(results.written({("1", "HTTP/2"): answers(), ("1", "HTTP/1.1"): answers()}), {("1", "HTTP/2"): answers()})

    def test_a_server_that_behaves_otherwise(self):
        text = results.written({("1", "HTTP/2"): answers()})
        with self.assertRaisesRegex(Failure, r"\+    announced → by the server"):
            self.compared(text, {("1", "HTTP/2"): answers({"/trailers": report(announced=["x-sum"])})})

    def test_a_server_without_results(self):
        with self.assertRaisesRegex(Failure, "no results.txt yet"):
            results.read(Path("/nowhere/results.txt"))


class Document(unittest.TestCase):
    def test_it_is_what_the_files_have(self):
        document.compare(document.DOCUMENT.read_text(), servers())

    def test_a_cell_that_is_changed_by_hand(self):
        text = document.DOCUMENT.read_text()
        changed = text.replace("| verifies |", "| differs |", 1)
        self.assertNotEqual(text, changed)
        with self.assertRaisesRegex(Failure, r"(?s)-.*\| differs \|.*\+.*\| verifies \|"):
            document.compare(changed, servers())

    def test_a_server_without_a_heading(self):
        name, one = next(iter(servers().items()))
        with self.assertRaisesRegex(Failure, "no headings"):
            document.written(document.DOCUMENT.read_text().replace(f"## {one.name}", "## Another"), {name: one})


class Description(unittest.TestCase):
    def test_a_protocol_that_does_not_exist(self):
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "server.toml").write_text(
                'name = "a server"\nprograms = []\nshortest = []\ndeaths = []\n[probe]\nfile = "probe.py"\nurls = { "HTTP/3" = "" }\n'
            )
            with self.assertRaisesRegex(Failure, "HTTP/3"):
                load(Path(folder))


if __name__ == "__main__":
    unittest.main()

"""Tests of what is concluded from verdicts, and that a change is noticed: `python3 -m unittest`."""

import contextlib
import io
import json
import tempfile
import unittest
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import answers
import cells
import document
import generation
import measured
import proxy
import remedies
import rows
import short
import unasked
import verdicts
from tools import Failure
from verdicts import CLIENTS, MODES, Answer, Verdict
from words import listed, who

PROXY = """
name = "a proxy"

[[programs]]
version = "1.2"
source = { debian = "a-package" }
prints-version = ["a-proxy", "-v"]
command = ["a-proxy", "{configuration}"]

[[configurations]]
id = "default"
words = "as installed"
kind = "as-installed"
to-origin = "HTTP/1.1"
file = "default.conf"
tls = 8443
plain = 8081

[[configurations]]
id = "h2"
words = "`proto h2`"
kind = "trailers"
to-origin = "TLS HTTP/2"
file = "h2.conf"
shown = true
tls = 8443
"""

# A second program, in front of the first configuration.
LATER = """[[programs]]
version = "1.3"
source = { debian = "a-package" }
prints-version = ["a-proxy", "-v"]
command = ["a-proxy", "{configuration}"]

[[configurations]]"""

REMEDY = """
[[remedies]]
names = ["a-proxy"]
place = "in the server line"
lines = ["server ORIGIN proto h2"]
measured = { program = "1.2", without = ["default"], with = "h2" }
"""

ALWAYS = """
[[remedies]]
names = ["a-proxy"]
note = "Nothing helps."
measured = { program = "1.2", always = true }
"""

FAULT = """
[[faults]]
program = "1.2"
configuration = "other"
says = "It is wrong."
command = "echo wrong"
prints = "wrong"
"""

FILES = {"default.conf": "server 127.0.0.1:8080\n", "h2.conf": "server   localhost:3000\n  proto h2\n"}

VERDICTS = """
version 1.2: 1.2.3

default, 1.2: TLS, plain
    http2-te http2 http1-te http1: request-trailers → stripped request
    http2-te http2 http1-te: trailers trailers-slow trailers-several trailers-repeated trailers-long → dropped response
    http2-te: grpc-ok grpc-failure grpc-trailers-only → downgraded request
    http2-te http2: protocol → downgraded (passes)

h2, 1.2: TLS
    http1-te: trailers trailers-slow trailers-several trailers-repeated → dropped response
    http2-te http2: request-trailers → stripped request
    http1-te http1: protocol → upgraded (passes)
"""

DOCUMENT = """# Proxies

<!-- answers -->
<!-- /answers -->
<!-- results -->
<!-- /results -->

## a proxy

By hand.

<!-- folder -->
<!-- /folder -->
"""


def report(*modes):
    return {"hops": [{"modes": [
        {"mode": mode, "unavailable": unavailable, "answers": [
            {"question": question, "outcome": outcome, "finding": finding, "direction": direction, "hop": None}
            for question, outcome, finding, direction in answers
        ]}
        for mode, unavailable, answers in modes
    ]}]}


def verdict(*answers, clients=("TLS",), **more):
    return Verdict(clients, {(question, mode): (Answer("fail", finding),) for question, mode, finding in answers}, **more)


class Folder(unittest.TestCase):
    """A folder of a proxy."""

    def setUp(self):
        self.root = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.folder = self.root / "folder"
        self.folder.mkdir()
        for name, text in FILES.items():
            (self.folder / name).write_text(text)
        self.write()
        self.document = self.root / "proxies.md"
        self.document.write_text(DOCUMENT)
        for owner, name, value in [
            (proxy, "HERE", self.root), (measured, "HERE", self.root), (document, "DOCUMENT", self.document),
            (remedies, "FILE", self.root / "remedies.json"), ("committed", "ROOT", self.root),
        ]:
            target = mock.patch(f"{owner}.{name}", value) if isinstance(owner, str) else mock.patch.object(owner, name, value)
            self.enterContext(target)

    def write(self, manifest=PROXY + REMEDY, found=VERDICTS):
        (self.folder / "proxy.toml").write_text(manifest)
        (self.folder / "verdicts.txt").write_text(found)

    def load(self):
        return measured.load("folder")

    def refused(self, words):
        return self.assertRaisesRegex(Failure, words)


class Manifest(Folder):
    def test_what_is_unknown_or_missing_is_an_error(self):
        for words, manifest in {
            "unknown members: colour": f'colour = "red"\n{PROXY}',
            r"configurations\[0\]: missing members: words": PROXY.replace('words = "as installed"\n', ""),
            "'8443' where a int was expected": PROXY.replace("tls = 8443", 'tls = "8443"'),
            "kind|default": PROXY.replace('"as-installed"', '"installed"'),
            "its origin is": PROXY.replace('"HTTP/1.1"', '"TLS HTTP/1.1"'),
            "two or three numbers": PROXY + REMEDY.replace("place", 'from = "1"\nplace'),
            "twice for 1.2": PROXY.replace('"h2"', '"default"'),
            "No such file": PROXY.replace("h2.conf", "h3.conf"),
            "has 0 configurations other": PROXY + FAULT,
        }.items():
            with self.subTest(words), self.refused(words):
                self.write(manifest)
                self.load()

    def test_verdicts_of_other_configurations_are_an_error(self):
        self.write(PROXY.replace('"h2"', '"http2"'))
        with self.refused("only one of proxy.toml and verdicts.txt has h2, 1.2; http2, 1.2"):
            self.load()

    def test_wrapper_includes_the_file(self):
        self.write(PROXY.replace('file = "h2.conf"', 'file = "h2.conf"\nwrapper = "main.conf"\narguments = ["-p", "{folder}"]'))
        (self.folder / "main.conf").write_text("include {file};")
        one = proxy.load(self.folder)
        program = one.setup("h2", "1.2").program(None)
        self.assertEqual(program.command, ["a-proxy", "main.conf", "-p", "{folder}"])
        self.assertEqual(program.files["main.conf"], "include h2.conf;")
        self.assertEqual(program.ports, [8443])


class Verdicts(unittest.TestCase):
    def test_text_has_all_of_it(self):
        blocks = {
            ("default", "1.2"): [
                verdict(("te", "http2-te", "stripped"), ("te", "http1-te", "stripped"), clients=("TLS", "plain")),
            ],
            ("h2", "1.2"): [
                Verdict(("TLS",), {
                    ("protocol", "http1"): (Answer("pass", "upgraded"),),
                    ("digest", "http1"): (Answer("unknown", "not-received"),),
                    ("cut-close", "http1"): (Answer("fail", "hangs", "response", 2),),
                    ("upload-cut", "http1"): (Answer("fail", "complete", "request"), Answer("pass", "cut")),
                }, unavailable=("http2-te", "http2")),
                verdict(clients=("plain", "h2c")),
            ],
        }
        text = verdicts.written("# A comment", {"1.2": "1.2.3"}, blocks)
        self.assertEqual(verdicts.read(text), ({"1.2": "1.2.3"}, blocks))

    def test_what_is_no_verdict_is_an_error(self):
        for text in (
            "    te\n", "default, 1.2: TLS\n", "default, 1.2: TLS\n    te → stripped\n",
            "default, 1.2: UDP\n    everything passes\n", "default, 1.2: TLS\n    http1: te → stripped reply\n",
        ):
            with self.subTest(text), self.assertRaises(Failure):
                verdicts.read(text)

    def test_only_what_differs_from_no_proxy_is_listed(self):
        same = ("cut-close", "pass", "error", None)
        with_te = ("http1-te", None, [same])
        direct = verdicts.answers(report(with_te, ("http1", None, [("te", "unknown", "not-sent", None), same])))
        found = report(with_te, ("http1", None, [("te", "pass", "added", None), same]))
        self.assertEqual(verdicts.of(["plain"], [found], direct).lines(), ["http1: te → added (passes)"])

    def test_mode_without_a_connection(self):
        direct = {("te", mode): Answer("pass", "arrives") for mode in CLIENTS["h2c"]}
        modes = [("http2-te", None, [("te", "pass", "arrives", None)]), ("http2", "no HTTP/2", [])]
        self.assertEqual(verdicts.of(["h2c"], [report(*modes)], direct).lines(), ["http2: unavailable"])

    def test_report_without_a_mode_or_a_question_is_an_error(self):
        direct = {("te", mode): Answer("pass", "arrives") for mode in CLIENTS["h2c"]}
        te = ("te", "pass", "arrives", None)
        for modes, words in [
            ([("http2-te", None, [te])], "not the modes"),
            ([("http2-te", None, [te]), ("http2", None, [])], "not the questions"),
            ([("http2-te", None, [te]), ("http2", None, [te, ("new", "pass", "arrives", None)])], "not the questions"),
        ]:
            with self.subTest(words), self.assertRaisesRegex(Failure, words):
                verdicts.of(["h2c"], [report(*modes)], direct)

    def test_clients_that_get_the_same_are_one_block(self):
        lost = [("te", mode, "stripped") for mode in MODES]
        over_tls = verdict(*lost)
        same = verdict(*lost[2:], clients=("plain",))
        self.assertEqual(verdicts.merged(over_tls, same, {}), [replace(over_tls, clients=("TLS", "plain"))])
        for other in (verdict(clients=("plain",)), verdict(*lost[2:], clients=("plain",), unavailable=("http1",))):
            self.assertEqual(verdicts.merged(over_tls, other, {}), [over_tls, other])

    DIRECT = {("upload-cut", mode): Answer("pass", "cut") for mode in MODES}
    COMPLETE = Answer("fail", "complete")

    def test_what_depends_on_the_moment_has_several_answers(self):
        sometimes = [verdict(("upload-cut", "http2", "complete")), verdict()]
        both = verdicts.together(sometimes, self.DIRECT, ["upload-cut"])
        self.assertEqual(both.lines(), ["http2: upload-cut → complete | cut (passes)"])
        with self.assertRaisesRegex(Failure, "upload-cut in http2 is complete and then cut"):
            verdicts.together(sometimes, self.DIRECT, [])

    def test_known_answer_of_what_depends_on_the_moment_is_no_difference(self):
        known = Verdict(("TLS",), {("upload-cut", "http2"): (self.COMPLETE, Answer("pass", "cut"))})
        for found in (verdict(), verdict(("upload-cut", "http2", "complete"))):
            self.assertEqual(verdicts.settled(found, known, self.DIRECT, ["upload-cut"], False), known)
            self.assertEqual(verdicts.settled(found, known, self.DIRECT, [], False), found)
        for other in (verdict(("upload-cut", "http2", "hangs")), verdict(("upload-cut", "http1", "complete"))):
            self.assertNotEqual(verdicts.settled(other, known, self.DIRECT, ["upload-cut"], False), known)
        added = verdicts.settled(verdict(("upload-cut", "http2", "hangs")), known, self.DIRECT, ["upload-cut"], True)
        self.assertEqual(added.lines(), ["http2: upload-cut → complete | cut (passes) | hangs"])

    def test_what_depends_on_the_moment_for_some_clients_does_so_for_all(self):
        without_tls = verdict(clients=("plain",))
        [both] = verdicts.merged(verdict(("upload-cut", "http1", "complete")), without_tls, self.DIRECT, ["upload-cut"])
        self.assertEqual(both.lines(), ["http1: upload-cut → complete | cut (passes)"])

    def test_what_depends_on_the_moment_in_a_mode_does_so_in_all_of_a_protocol(self):
        sometimes = Verdict(("TLS",), {("upload-cut", "http2"): (self.COMPLETE, Answer("pass", "cut"))})
        spread = verdicts.spread(sometimes, self.DIRECT, ["upload-cut"])
        self.assertEqual(spread.lines(), ["http2-te http2: upload-cut → complete | cut (passes)"])
        self.assertEqual(verdicts.spread(spread, self.DIRECT, []), spread)
        always = verdict(("upload-cut", "http2-te", "complete"), ("upload-cut", "http2", "complete"))
        self.assertEqual(verdicts.spread(always, self.DIRECT, ["upload-cut"]), always)

    def test_protocols_to_the_origin(self):
        self.assertEqual(verdicts.to_origin([verdict()]), ["HTTP/1.1", "HTTP/2"])
        down = {("protocol", mode): (Answer("pass", "downgraded"),) for mode in CLIENTS["h2c"]}
        self.assertEqual(verdicts.to_origin([Verdict(("TLS",), down)]), ["HTTP/1.1"])
        oldest = {("protocol", mode): (Answer("fail", "downgraded-to-http1.0"),) for mode in MODES}
        self.assertEqual(verdicts.to_origin([Verdict(("TLS",), oldest)]), ["HTTP/1.0"])


class Unasked(unittest.TestCase):
    def answers(self, printed, code=0):
        done = SimpleNamespace(returncode=code, stdout=printed, stderr="")
        with mock.patch("unasked.finished", return_value=done) as ran:
            found = unasked.answers("plain", "http://127.0.0.1:8081")
        sent = [("-H" in call.args[0], "--http1.1" in call.args[0]) for call in ran.call_args_list]
        self.assertEqual(sent, [(True, True), (False, True)])
        self.assertEqual(list(found), [("unasked", "http1-te"), ("unasked", "http1")])
        return found["unasked", "http1"]

    def test_trailers_are_behind_the_header_section(self):
        head = "HTTP/1.1 200 OK\ntrailer: content-digest\n"
        self.assertEqual(self.answers(f"{head}\ncontent-digest: sha-256=:AA==:\n"), unasked.ARRIVE)
        self.assertEqual(self.answers(f"{head}\n"), unasked.DROPPED)
        self.assertEqual(self.answers(f"{head}content-digest: sha-256=:AA==:\n\n"), unasked.DROPPED)

    def test_what_is_no_response_with_trailers(self):
        self.assertEqual(self.answers("HTTP/1.1 502 Bad Gateway\n\n"), unasked.BROKEN)
        self.assertEqual(self.answers("HTTP/1.1 200 OK\n\n", 18), unasked.BROKEN)
        self.assertEqual(self.answers("HTTP/1.1 400 Bad Request\n\n"), unasked.NOT_POSSIBLE)

    def test_answers_are_those_that_differ(self):
        direct = {("unasked", mode): unasked.ARRIVE for mode in MODES}
        found = verdicts.extended(verdict(), direct | {("unasked", "http1"): unasked.DROPPED}, direct)
        self.assertEqual(found.lines(), ["http1: unasked → dropped"])


class Cells(unittest.TestCase):
    def test_everything_passes(self):
        for cell, words in [
            (cells.te, "arrives"), (cells.trailers, "yes"), (cells.request_trailers, "yes"), (cells.cut, "an error"),
            (cells.grpc, "yes"), (cells.protocols, "HTTP/2 and HTTP/1.1"),
        ]:
            self.assertEqual(cell(verdict()), words)

    def test_loss_in_some_modes(self):
        lost = verdict(*(("request-trailers", mode, "stripped") for mode in CLIENTS["plain"]))
        self.assertEqual(cells.request_trailers(lost), "HTTP/2: yes; HTTP/1.1: **no** (stripped)")

    def test_loss_of_some_trailers(self):
        lost = verdict(*(("trailers-long", mode, "dropped") for mode in MODES))
        self.assertEqual(cells.trailers(lost), "yes, but not 8 KiB (dropped, `Trailer` stays)")

    def test_trailers_that_vary(self):
        several = ("trailers", "trailers-several", "trailers-repeated", "trailers-long", "trailers-unannounced")
        lost = verdict(("trailers-slow", "http2", "not-sent"))
        both = (Answer("fail", "broken"), Answer("pass", "arrive"))
        there = {(question, mode): both for question in several for mode in MODES[:3]}
        self.assertEqual(
            cells.trailers(replace(lost, answers=lost.answers | there)),
            "with `TE`: yes for slow responses, **varies** for the others; HTTP/2 without `TE`: **no** (the origin sends none)",
        )

    def test_cuts(self):
        lost = verdict(*(("cut-close", mode, "clean-end-unnoticed") for mode in MODES), ("upload-cut", "http1", "complete"))
        self.assertEqual(cells.cut(lost), "**complete**: close; **complete**: upload (HTTP/1.1 without `TE`)")
        known = {("upload-cut", mode): (Answer("fail", "complete"), Answer("pass", "cut")) for mode in MODES}
        self.assertEqual(cells.cut(replace(lost, answers=known)), "**varies**: upload")
        unseen = {("upload-cut", mode): (Answer("pass", "cut"), Answer("unknown", "running")) for mode in MODES}
        self.assertEqual(cells.cut(replace(lost, answers=unseen)), "at times unknown: upload")

    def test_unknown_is_not_yes(self):
        unknown = Verdict(("TLS",), {("request-trailers", mode): (Answer("unknown", "no-record"),) for mode in MODES})
        self.assertEqual(cells.request_trailers(unknown), "unknown (`no-record`)")

    def test_lists(self):
        self.assertEqual([listed("a"), listed("ab"), listed("abc")], ["a", "a and b", "a, b and c"])

    def test_names_of_clients(self):
        for modes, universe, words in [
            (MODES[:2], MODES, "HTTP/2"), (("http2-te", "http1-te"), MODES, "with `TE`"),
            (("http1-te",), MODES[:3], "HTTP/1.1"), (("http2",), MODES, "HTTP/2 without `TE`"),
            (MODES[:3], MODES, "HTTP/2, HTTP/1.1 with `TE`"), (("http1",), CLIENTS["plain"], "without `TE`"),
        ]:
            self.assertEqual(who(modes, universe), words)


class Answers(Folder):
    def cells(self, found):
        self.write(found=found)
        [(_, *row)] = answers.rows([self.load()])
        return row

    def test_what_passes_by_default_and_with_lines(self):
        never = "response trailers for HTTP/1.1, request trailers for HTTP/2"
        self.assertEqual(self.cells(VERDICTS), ["**no**", "**yes**", "`proto h2` (only HTTP/2)", never])

    def test_what_passes_always(self):
        found = VERDICTS[:VERDICTS.index("    ")] + "    everything passes\n\nh2, 1.2: TLS\n    everything passes\n"
        self.assertEqual(self.cells(found), ["**yes**", "**yes**", "`proto h2`", "–"])

    def test_what_passes_if_the_origin_needs_no_te(self):
        protocol = "    http2-te http2: protocol"
        found = VERDICTS.replace(protocol, f"    http2-te http2: unasked → dropped\n{protocol}")
        self.assertEqual(self.cells(found)[:2], ["**no**", "only HTTP/1.1"])

    def test_what_is_joined(self):
        found = VERDICTS[:VERDICTS.index("h2, 1.2")] + "h2, 1.2: TLS\n    http1: request-trailers → joined request\n"
        self.assertEqual(self.cells(found)[2:], ["`proto h2`", "request trailers (joined in one line)"])

    def test_what_is_lost_only_by_default(self):
        found = VERDICTS[:VERDICTS.index("h2, 1.2")] + "h2, 1.2: TLS\n    everything passes\n"
        self.assertEqual(self.cells(found), ["**no**", "**yes**", "`proto h2`", "–"])

    def test_what_is_lost_with_all_lines(self):
        lost = "    http2-te http2 http1-te http1: cut-close → clean-end-unnoticed response"
        found = "\n".join(f"{head}: TLS\n{lost}" for head in ("default, 1.2", "h2, 1.2"))
        self.assertEqual(self.cells(f"version 1.2: 1.2.3\n{found}")[3], "errors after cuts")

    def test_protocol_to_the_origin_that_decides(self):
        manifest = PROXY.replace('"trailers"', '"as-installed"')
        self.write(manifest, VERDICTS)
        [(_, default, _unasked, lines, _lost)] = answers.rows([self.load()])
        self.assertEqual(default, "**no** (HTTP/1.1 to the origin); only HTTP/2 (TLS HTTP/2 to the origin)")
        self.assertEqual(lines, "–")


class Rows(Folder):
    FOUND = """version 1.2: 1.2.3
default, 1.2: TLS
    http1: streaming → held-back response
default, 1.2: plain
    http1: te → added (passes)
h2, 1.2: TLS
    everything passes
"""

    def texts(self, found, manifest=PROXY, **more):
        self.write(manifest, found)
        one = self.load()
        return [row.texts() for row in rows.rows(one, one.blocks(), **more)]

    def test_clients_that_get_something_else_have_a_row(self):
        over_tls, without_tls, _ = self.texts(self.FOUND.replace("1: te → added (passes)", "1-te: te → stripped request"))
        self.assertEqual(over_tls[:5], ("1.2.3", "as installed", "HTTP/1.1, HTTP/2", "HTTP/2 and HTTP/1.1 over TLS", "arrives"))
        self.assertEqual(without_tls[3:5], ("HTTP/1.1 without TLS", "**stripped**"))

    def test_rows_that_differ_only_in_the_last_cell_are_one(self):
        found = self.FOUND.replace("1.2: plain", "1.2: plain, h2c").replace("te → added (passes)", "length → added response")
        manifest = PROXY.replace("plain = 8081", "plain = 8081\nh2c = 8081")
        first, _ = self.texts(found, manifest)
        self.assertEqual((first[3], first[-1]), (
            "HTTP/2 and HTTP/1.1",
            "over TLS: [`streaming`](check.md#questions): held-back; without TLS: [`length`](check.md#questions): added",
        ))
        self.assertEqual(self.texts(found, manifest, has_last=False)[0], first[:-1])

    def test_trap_with_a_fault_has_no_row_if_it_is_almost_another(self):
        trap = PROXY.replace('"trailers"', '"other"').replace("TLS HTTP/2", "HTTP/1.1")
        (self.folder / "h2.conf").write_text("server 127.0.0.1:8080")
        same = "    everything passes\n"
        found = f"version 1.2: 1.2.3\ndefault, 1.2: TLS\n{same}h2, 1.2: TLS\n    http1: coding → added response\n"
        self.assertEqual(len(self.texts(found, trap)), 2)
        fault = FAULT.replace('"other"', '"h2"')
        self.assertEqual(len(self.texts(found, trap + fault)), 1)
        more = found.replace("    http1: coding", "    http1-te: te → stripped request\n    http1: coding")
        self.assertEqual(len(self.texts(more, trap + fault)), 2)

    def test_rows_that_differ_only_in_the_origin_or_the_version_are_one(self):
        manifest = PROXY.replace("`proto h2`", "as installed").replace("[[configurations]]", LATER, 1)
        same = "    http2-te http2: protocol → downgraded (passes)\n"
        blocks = {"default": same, "h2": "    http1-te http1: protocol → upgraded (passes)\n"}
        found = "version 1.2: 1.2.3\nversion 1.3: 1.3.1\n" + "".join(
            f"{id}, {version}: TLS\n{lines}" for id, lines in blocks.items() for version in ("1.2", "1.3")
        )
        expected = ("1.2.3, 1.3.1", "as installed", "HTTP/1.1, TLS HTTP/2")
        self.assertEqual([row[:3] for row in self.texts(found, manifest)], [expected])


class Sections(Folder):
    def test_answers_that_vary_have_their_reasons_once(self):
        varies = """varies = { te = "It is lucky.", digest = "It is lucky.", failure = "It is slow." }"""
        self.write(PROXY.replace("tls = 8443", f"tls = 8443\n{varies}"))
        generation.generated(True)
        self.assertIn(
            "- `te` and `digest` vary with as installed and `proto h2`: It is lucky.\n"
            "- `failure` varies with as installed and `proto h2`: It is slow.\n", self.document.read_text(),
        )

    def test_configuration_and_fault_are_shown(self):
        self.write(PROXY + FAULT.replace('"other"', '"h2"').replace('"wrong"', '"HTTP/2 200\\n…"'))
        generation.generated(True)
        for shown in (
            "`proto h2`, with a proxy 1.2 ([h2.conf](../interop/proxies/folder/h2.conf)):\n\n```text\nserver   localhost:3000\n",
            "It is wrong. With a proxy 1.2, `proto h2`:\n\n```sh\necho wrong\n```\n\n```text\nHTTP/2 200\n…\n```\n",
        ):
            self.assertIn(shown, self.document.read_text())


class Remedies(Folder):
    def made(self, manifest=PROXY + REMEDY, found=VERDICTS):
        self.write(manifest, found)
        return remedies.of(self.load())

    def test_what_passes_with_the_lines_is_fixed(self):
        trailers, calls, requests = self.made()
        self.assertEqual(trailers["cures"], ["trailers", "trailers-slow", "trailers-several", "trailers-repeated"])
        self.assertEqual((trailers["findings"], trailers["modes"]), (["dropped"], ["http2-te", "http2"]))
        self.assertEqual(calls["cures"], ["trailers-long", "grpc-ok", "grpc-failure", "grpc-trailers-only"])
        self.assertEqual((calls["findings"], calls.get("modes")), (["downgraded", "dropped"], None))
        self.assertEqual((requests["cures"], requests["modes"]), (["request-trailers"], ["http1-te", "http1"]))
        self.assertEqual(calls["basis"], "measured with a proxy 1.2.3")

    def test_what_fails_in_each_configuration_has_no_lines(self):
        trailers, requests = self.made(PROXY + ALWAYS)
        self.assertEqual((trailers["cures"][0], trailers["modes"]), ("trailers", ["http1-te"]))
        self.assertEqual((requests["cures"], requests["modes"]), (["request-trailers"], ["http2-te", "http2"]))
        with self.refused("grpc-ok: some configuration passes it"):
            self.made(PROXY + ALWAYS.replace("always = true", 'always = true, questions = ["grpc-ok"]'))

    def test_lines_that_were_not_measured_are_an_error(self):
        with self.refused("does not have its line «server ORIGIN proto h3»"):
            self.made(PROXY + REMEDY.replace("proto h2", "proto h3"))

    def test_bounds_need_another_basis(self):
        later = REMEDY.replace("place", 'from = "1.3"\nplace')
        with self.refused("its bounds need a `basis`"):
            self.made(PROXY + later)
        documented = self.made(PROXY + later.replace("place", 'basis = "documented by its maintainers"\nplace'))
        self.assertEqual(documented[0]["basis"], "documented by its maintainers, measured with a proxy 1.2.3")

    def test_what_is_lost_with_the_lines_is_said(self):
        found = VERDICTS + "    http1: cut-short → hangs response\n    http1: streaming → held-back response\n"
        note = "With it, `streaming` and `cut-short` fail for HTTP/1.1 without `TE`."
        self.assertEqual({entry["note"] for entry in self.made(found=found)}, {note})
        self.assertEqual({entry.get("note") for entry in self.made()}, {None})

    def test_update_that_helps(self):
        update = """
[[remedies]]
names = ["a-proxy"]
note = "Update it."
measured = { program = "1.2", without = ["default"], with = "default", with-program = "1.3" }
"""
        [made] = self.made(
            PROXY.replace("[[configurations]]", LATER, 1).replace('id = "h2"', 'id = "h2"\nprograms = ["1.2"]') + update,
            VERDICTS.replace("\nh2, 1.2", "\ndefault, 1.3: TLS, plain\n    http2-te: te → stripped request\n\nh2, 1.2")
            .replace("1.2.3\n", "1.2.3\nversion 1.3: 1.3.0\n"),
        )
        self.assertEqual((made["cures"][0], made["basis"]), ("trailers", "measured with a proxy 1.2.3 and 1.3.0"))
        self.assertNotIn("lines", made)

    def test_smaller_loss_that_is_left(self):
        smaller = VERDICTS.replace("http2-te http2: request-trailers → stripped", "http1-te: trailers-long → not-sent")
        accepting = REMEDY.replace('with = "h2"', 'with = "h2", accepts = ["not-sent"]')
        for remedy, modes in ((REMEDY, ["http2-te", "http2"]), (accepting, None)):
            [entry] = [entry for entry in self.made(PROXY + remedy, smaller) if "trailers-long" in entry["cures"]]
            self.assertEqual(entry.get("modes"), modes)

    def test_order(self):
        named, unnamed = {"names": ["a-proxy"], "note": "1"}, {"names": [], "unnamed": True, "note": "2"}
        (self.root / "any.toml").write_text('[[remedies]]\nnames = []\nfindings = ["stripped"]\ncures = ["te"]\nnote = "3"\n')
        with mock.patch.object(remedies, "ANY", self.root / "any.toml"):
            written = json.loads(remedies.written([unnamed, named]))
        self.assertEqual([entry["note"] for entry in written], ["1", "2", "3"])


class Short(Folder):
    def chosen(self, *lost):
        one = self.load()
        found = dict(zip(one.verdicts, ([verdict(*answers)] for answers in lost), strict=True))
        return [setup.configuration.id for setup in short.setups([replace(one, verdicts=found)])]

    def test_few_setups_that_have_each_kind(self):
        dropped, merged = ("trailers", "http2", "dropped"), ("trailers-slow", "http1-te", "merged-into-header")
        self.assertEqual(self.chosen([dropped], [merged]), ["default", "h2"])
        self.assertEqual(self.chosen([dropped], [merged, dropped]), ["h2"])
        nothing_new = [("trailers-long", "http2", "dropped"), ("streaming", "http2", "held-back")]
        self.assertEqual(self.chosen([dropped], nothing_new), ["default"])

    def test_answers_that_depend_on_the_moment_are_left_out(self):
        self.write(PROXY.replace("tls = 8443\nplain", "tls = 8443\nvaries = { te = \"It is lucky.\" }\nplain"))
        dropped = ("trailers", "http2", "dropped")
        self.assertEqual(self.chosen([dropped], [dropped]), ["h2"])

    def test_nothing_is_lost(self):
        with self.refused("loses anything"):
            self.chosen([], [])


class Generated(Folder):
    def setUp(self):
        super().setUp()
        self.assertEqual(generation.generated(True), [])

    def test_what_is_written_is_the_same(self):
        self.assertEqual(generation.generated(False), [])
        self.assertIn("By hand.", self.document.read_text())

    def test_cell_that_is_changed_by_hand(self):
        text = self.document.read_text()
        self.assertIn("| TLS HTTP/2 |", text)
        self.document.write_text(text.replace("| TLS HTTP/2 |", "| TLS HTTP/1.1 |"))
        [difference] = generation.generated(False)
        self.assertRegex(difference, r"(?m)^-\| .*\| TLS HTTP/1.1 \|.*\n(?:-.*\n)*\+\| .*\| TLS HTTP/2 \|")

    def test_remedy_that_is_changed_by_hand(self):
        remedies.FILE.write_text(remedies.FILE.read_text().replace("proto h2", "proto h3"))
        [difference] = generation.generated(False)
        self.assertIn('-    "lines": ["server ORIGIN proto h3"],', difference)

    def test_proxy_that_is_configured_otherwise(self):
        was = self.load()
        lost = replace(was, verdicts=was.verdicts | {("h2", "1.2"): [verdict(("te", "http1-te", "stripped"))]})
        self.assertIn("+    http1-te: te → stripped\n", measured.compared(lost))
        self.assertEqual(measured.compared(was), "")

    def test_another_patch_version_is_only_a_note(self):
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            self.assertEqual(measured.compared(replace(self.load(), versions={"1.2": "1.2.4"})), "")
        self.assertEqual(said.getvalue(), "note: a proxy is 1.2.4 here, 1.2.3 in verdicts.txt\n")

    def test_folder_that_is_not_complete(self):
        (self.folder / "verdicts.txt").unlink()
        self.assertIn("folder has no verdicts.txt; --write writes it", generation.generated(False))

    def test_section_without_a_proxy(self):
        self.document.write_text(f"{DOCUMENT}\n## another\n\n<!-- another -->\n<!-- /another -->\n")
        self.assertIn("docs/proxies.md has a section for another, which has no folder", generation.generated(False))

    def test_proxy_without_a_section(self):
        self.document.write_text(DOCUMENT.replace("## a proxy", "## another"))
        self.assertIn("no section «## a proxy»", generation.generated(False)[0])


if __name__ == "__main__":
    unittest.main()

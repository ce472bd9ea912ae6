"""Tests how answers are judged, including some that no client here gives: `python3 -m unittest`."""

import base64
import hashlib
import json
import unittest
from contextlib import contextmanager
from types import SimpleNamespace

import document
from calls import Calls
from questions import CUT, EXPORT, LONG_ROWS, ROWS, TRIES, WRONG_DIGEST, Interview, Row
from tools import Failure

WHOLE = b"whole"
PART = b"part"


def sha256(content):
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


def told(content=b"", trailers=(), error=None, status=200, **more):
    return {
        "status": status, "length": len(content), "sha256": sha256(content), "text": content[:4096].decode(),
        "trailers": trailers, "error": error, **more,
    }


def te(protocol="HTTP/2", te=None, sent=True):
    return told(json.dumps({"protocol": protocol, "te": te, "trailers": {"sent": sent}}).encode())


def inspected(*trailers, length=5):
    fields = [{"name": name, "value": value} for name, value in trailers]
    return told(json.dumps({"trailers": fields, "content": {"length": length}}).encode())


FIELDS = (("x-row-count", "1000"), ("content-digest", f"sha-256=:{sha256(WHOLE)}:"), ("server-timing", "total;dur=1"))

# A client that can do everything.
ANSWERS = {
    ("/te", ""): te(),
    ("/te", "te"): te(te="trailers"),
    (EXPORT, "te"): told(WHOLE, FIELDS),
    ("/inspect", "trailer"): inspected(("x-sum", "1")),
    (CUT, "te"): told(PART, error="reset"),
    (WRONG_DIGEST, "te"): told(b"something", [("content-digest", f"sha-256=:{sha256(b'')}:")]),
}


class Speaking:
    """A client with prepared answers."""

    protocol = "HTTP/2"

    def __init__(self, answers, printed=str(LONG_ROWS)):
        self.answers, self.printed = answers, printed
        self.asked = []
        self.client = SimpleNamespace(
            name="a client", version="1", reads="`trailers`", sends="`send`", sets_fields=True,
        )

    def exchange(self, url, te=False, trailer=False):
        what = url.removeprefix("origin"), "te" * te + "trailer" * trailer
        answer = self.answers[what]
        self.asked.append(what)
        # A list contains one answer for each time that the question is asked.
        return answer[self.asked.count(what) - 1] if isinstance(answer, list) else answer

    def shortest(self, _url):
        return self.printed


def row(changed=None, printed=str(LONG_ROWS), sets_fields=True):
    server = SimpleNamespace(origin="origin", export=WHOLE, part=PART)
    speaking = Speaking(ANSWERS | (changed or {}), printed)
    speaking.client.sets_fields = sets_fields
    return Interview(speaking, server).row()


class Judgement(unittest.TestCase):
    def test_a_client_that_can_do_everything(self):
        self.assertEqual(row(), Row(
            "a client", "1", "HTTP/2", "yes: `trailers`", "no, but the user can set it", "yes: `send`", "yes: `reset`", "yes",
        ))

    def test_a_cut_transfer_that_looks_whole(self):
        self.assertEqual(row({(CUT, "te"): told(PART)}).cut, "**no**: it looks complete")

    def test_a_cut_transfer_that_is_hinted_at(self):
        self.assertEqual(row({(CUT, "te"): told(PART, hint="a word")}).cut, "**no**: a word")

    def test_what_is_lost_of_a_cut_transfer_is_no_result(self):
        self.assertEqual(row({(CUT, "te"): told(PART[:-1], error="reset")}), row())

    def test_a_cut_transfer_that_shows_no_response_is_asked_for_again(self):
        lost = told(error="reset", status=None)
        begun = told(error="reset")
        self.assertEqual(row({(CUT, "te"): [*[lost] * (TRIES - 1), begun]}), row())
        with self.assertRaises(Failure):
            row({(CUT, "te"): [lost] * TRIES})

    def test_trailers_that_are_hidden(self):
        hidden = row({(EXPORT, "te"): told(WHOLE), (WRONG_DIGEST, "te"): told(b"something")}, printed="")
        self.assertEqual((hidden.trailers, hidden.digest), ("**no**", "**no**"))

    def test_one_trailer_of_three(self):
        one = row({(EXPORT, "te"): told(WHOLE, FIELDS[:1])})
        self.assertEqual((one.trailers, one.digest), ("**only `x-row-count`**: `trailers`", "**no**"))

    def test_trailers_that_are_not_sent(self):
        unsent = {("/te", ""): te(sent=False), ("/te", "te"): te(sent=False), (EXPORT, ""): told(WHOLE)}
        unsent |= {(CUT, ""): ANSWERS[CUT, "te"], (WRONG_DIGEST, ""): told(b"something")}
        found = row(unsent, printed="")
        self.assertEqual((found.trailers, found.te), ("none is sent", "no; dropped if the user sets it"))

    def test_te_that_is_refused(self):
        refused = {("/te", "te"): told(error="forbidden", status=None), (EXPORT, ""): ANSWERS[EXPORT, "te"]}
        refused |= {(CUT, ""): ANSWERS[CUT, "te"], (WRONG_DIGEST, ""): ANSWERS[WRONG_DIGEST, "te"]}
        self.assertEqual(row(refused).te, "no; an error if the user sets it: `forbidden`")

    def test_a_client_without_an_option_for_te(self):
        sent = {f"{target}&trailers=without_te": ANSWERS[target, "te"] for target in (EXPORT, CUT)}
        unset = {("/te", ""): te(sent=False), ("/te", "te"): te(sent=False)} | {(target, ""): sent[target] for target in sent}
        found = row(unset, sets_fields=False)
        self.assertEqual((found.te, found.trailers), ("no, and the user can't set it", "yes: `trailers`"))
        self.assertEqual((found.cut, found.digest), ("yes: `reset`", "yes"))
        with self.assertRaises(Failure):
            row(sets_fields=False)

    def test_request_trailers_that_do_not_arrive(self):
        self.assertEqual(row({("/inspect", "trailer"): inspected()}).request_trailers, "**no**")

    def test_what_nothing_can_be_concluded_from(self):
        fits = told(b"something", [("content-digest", f"sha-256=:{sha256(b'something')}:")])
        for what, answers in {
            "another protocol": {("/te", ""): te(protocol="HTTP/1.1")},
            "another export": {(EXPORT, "te"): told(PART, FIELDS)},
            "another count": {(EXPORT, "te"): told(WHOLE, [("x-row-count", "999")])},
            "a digest that is wrong": {(EXPORT, "te"): told(WHOLE, [("content-digest", "sha-256=:AAAA:")])},
            "a wrong digest that fits": {(WRONG_DIGEST, "te"): fits},
            "more than was sent": {(CUT, "te"): told(PART + b"!", error="reset")},
            "something else that is no longer": {(CUT, "te"): told(b"trap", error="reset")},
            "no connection": {(CUT, "te"): told(error="connection refused", status=None)},
            "a refusal in place of a cut transfer": {(CUT, "te"): told(b"", status=429)},
            "a refusal in place of an export": {(EXPORT, "te"): told(WHOLE, FIELDS, status=429)},
            "a response that has no status": {(EXPORT, "te"): told(WHOLE, FIELDS, status=None)},
            "an account that is too long": {("/te", ""): told(te()["text"].encode() + b" " * 4096)},
            "another content sent": {("/inspect", "trailer"): inspected(length=4)},
        }.items():
            with self.subTest(what), self.assertRaises(Failure):
                row(answers)

    def test_shortest_code_that_shows_nothing(self):
        for printed in ("0", f"{LONG_ROWS}0", f"1{LONG_ROWS}", str(ROWS)):
            with self.subTest(printed), self.assertRaises(Failure):
                row(printed=printed)


CALL_FIELDS = [["x-row-count", str(ROWS)], ["server-timing", "total;dur=1"]]


def called(messages=ROWS, trailers=(), error=None, **more):
    return {"messages": messages, "trailers": trailers, "error": error, "info": {}, "names": [], **more}


def call(whole=None, headers=None, trailers=None, printed=str(ROWS), **changed):
    """The row of a gRPC client that can do everything except send trailers, with optional changes."""
    answers = {
        "whole": whole or called(trailers=CALL_FIELDS), "/recorder/End": called(1, [["x-sum", "1"]]),
        "cut": called(error="UNAVAILABLE", info={"rows": str(ROWS)}), "/recorder/Reset": called(1, error="INTERNAL"),
        **changed,
    }

    def told(_what, _address, *arguments):
        # `LIMIT`, `LIMIT FAIL_AT`, or `METHOD`.
        return answers.get(arguments[0], answers["cut" if len(arguments) == 2 else "whole"])

    @contextmanager
    def record(_certificate, _key):
        yield SimpleNamespace(
            origin="https://recorder", trailers=trailers or {},
            headers=headers if headers is not None else {"te": "trailers", "x-sum": "1"},
        )

    client = SimpleNamespace(name="a caller", version="1", reads="`trailers`")
    speaking = SimpleNamespace(client=client, protocol="HTTP/2", told=told, shortest=lambda _address: printed)
    return Calls(speaking, SimpleNamespace(origin="https://origin", certificate=None, key=None), record).row()


class CallJudgement(unittest.TestCase):
    def test_a_client_that_can_do_everything(self):
        self.assertEqual(call(trailers={"x-sum": "1"}, headers={"te": "trailers"}), Row(
            "a caller", "1", "HTTP/2", "yes: `trailers`", "`trailers`", "yes: `metadata`",
            "yes: `UNAVAILABLE` with details; `INTERNAL` after a reset", "no digest is sent",
        ))

    def test_metadata_that_is_sent_ahead(self):
        self.assertEqual(call().request_trailers, "**no**: `metadata` becomes header fields")

    def test_trailers_that_are_hidden(self):
        self.assertEqual(call(called()).trailers, "**no**")
        self.assertEqual(call(called(trailers=CALL_FIELDS[:1])).trailers, "**only `x-row-count`**: `trailers`")

    def test_a_cut_transfer_that_looks_whole(self):
        self.assertEqual(call(cut=called()).cut, "**no**: it looks complete")

    def test_what_nothing_can_be_concluded_from(self):
        for what, changed in {
            "metadata that does not arrive": {"headers": {"te": "trailers"}},
            "another count": {"whole": called(trailers=[["x-row-count", "999"]])},
            "rows that are missing": {"whole": called(ROWS - 1, CALL_FIELDS)},
            "a digest": {"whole": called(trailers=[*CALL_FIELDS, ["content-digest", "sha-256=:AAAA:"]])},
            "a call whose end it does not see": {"/recorder/End": called(1)},
            "another count printed": {"printed": f"{ROWS}0"},
        }.items():
            with self.subTest(what), self.assertRaises(Failure):
                call(**changed)


class Document(unittest.TestCase):
    def text(self, found):
        client = SimpleNamespace(name="a client", code="code.py", source=lambda: "print()\n")
        tables = "<!-- results -->\n\n<!-- /results -->\n<!-- names -->\n\n<!-- /names -->\n"
        empty = f"{tables}### a client\n\nNotes.\n\n```\n```\n"
        return document.write(empty, [found], {"a client": []}, [client])

    def test_another_version_is_no_difference(self):
        was = row()
        now = row()
        now.version = "2"
        kept, changed = document.with_versions_of(self.text(was), [now])
        self.assertEqual(kept, [was])
        self.assertEqual(changed, ["a client is 2 here, 1 in docs/clients.md"])

    def test_another_result_is_a_difference(self):
        was = row()
        now = row({(CUT, "te"): told(PART)})
        kept, _ = document.with_versions_of(self.text(was), [now])
        self.assertNotEqual(self.text(kept[0]), self.text(was))

    def test_what_has_no_place_is_refused(self):
        client = SimpleNamespace(name="another", code="code.py", source=lambda: "")
        with self.assertRaises(Failure):
            document.write(self.text(row()), [row()], {}, [client])


if __name__ == "__main__":
    unittest.main()

"""What a check finds behind a proxy that it does not find without one, and the same as text."""

import re
from dataclasses import dataclass

from tools import Failure

HTTP2 = ("http2-te", "http2")
HTTP1 = ("http1-te", "http1")
MODES = (*HTTP2, *HTTP1)

# The questions of a check, in its order.
QUESTIONS = (
    "te", "protocol", "trailers", "trailers-slow", "timing", "trailers-several", "trailers-repeated", "trailers-long",
    "trailers-unannounced", "streaming", "length", "coding", "digest", "failure", "cut-reset", "cut-close", "cut-short",
    "request-trailers", "upload-cut", "continue", "head", "no-content", "not-modified", "grpc-ok", "grpc-failure",
    "grpc-trailers-only",
)

# One that only this measurement has: see unasked.py.
UNASKED = "unasked"

PROTOCOLS = ("HTTP/1.0", "HTTP/1.1", "HTTP/2")

# The kinds of clients, and the modes in which each is asked.
CLIENTS = {"TLS": MODES, "plain": HTTP1, "h2c": HTTP2}

PASSES = "everything passes"
UNAVAILABLE = "unavailable"

_ORDER = (*QUESTIONS, UNASKED)

# Between the answers of a question that depends on the moment.
OR = " | "

# How the lines of answers end that are no losses.
_ENDS = {"fail": "", "pass": " (passes)", "unknown": " (unknown)"}


@dataclass(frozen=True)
class Answer:
    outcome: str
    finding: str
    direction: str | None = None
    # With several hops, the one at fault, counted from the client.
    hop: int | None = None

    def text(self):
        hop = f"hop {self.hop}" if self.hop else ""
        return " ".join(filter(None, [self.finding, self.direction, hop])) + _ENDS[self.outcome]


_SAME = Answer("pass", "same")

# By finding and the client's protocol.
_PROTOCOLS = {
    "same": {"http2": "HTTP/2", "http1": "HTTP/1.1"},
    "upgraded": {"http1": "HTTP/2"},
    "downgraded": {"http2": "HTTP/1.1"},
    "downgraded-to-http1.0": {"http2": "HTTP/1.0", "http1": "HTTP/1.0"},
}


@dataclass(frozen=True)
class Verdict:
    """The answers of some kinds of clients that are not the same without a proxy."""

    clients: tuple
    # By question and mode: one answer, or several if it depends on the moment.
    answers: dict
    # Modes without a connection.
    unavailable: tuple = ()

    def modes(self):
        return tuple(mode for mode in asked(self.clients) if mode not in self.unavailable)

    def lines(self):
        found = {}
        for (question, mode), answers in sorted(self.answers.items(), key=lambda item: _ORDER.index(item[0][0])):
            found.setdefault((answers, question), []).append(mode)
        grouped = {}
        for (answers, question), modes in found.items():
            grouped.setdefault((answers, _ordered(modes)), []).append(question)
        lines = [
            (all(answer.outcome != "fail" for answer in answers),
             f"{modes}: {' '.join(questions)} → {OR.join(answer.text() for answer in answers)}")
            for (answers, modes), questions in grouped.items()
        ]
        texts = [text for _, text in sorted(lines)]
        if self.unavailable:
            texts.append(f"{_ordered(self.unavailable)}: {UNAVAILABLE}")
        return texts or [PASSES]


def asked(clients):
    """The modes in which these are asked."""
    modes = {mode for client in clients for mode in CLIENTS[client]}
    return tuple(mode for mode in MODES if mode in modes)


def _ordered(modes):
    return " ".join(mode for mode in MODES if mode in modes)


def answers(report):
    """By question and mode, all answers of a report of `axum-trailers check`."""
    found = {}
    for mode in report["hops"][0]["modes"]:
        for answer in mode["answers"]:
            hop = None if answer["hop"] is None else answer["hop"] + 1
            found[answer["question"], mode["mode"]] = Answer(answer["outcome"], answer["finding"], answer["direction"], hop)
    return found


def of(clients, reports, direct):
    """What these reports say that `direct` does not: the answers without a proxy."""
    there = [mode for report in reports for mode in report["hops"][0]["modes"]]
    if sorted(mode["mode"] for mode in there) != sorted(asked(clients)):
        raise Failure(f"not the modes of {', '.join(clients)}: {[mode['mode'] for mode in there]}")
    unavailable = tuple(mode["mode"] for mode in there if mode["unavailable"] is not None)
    found = {key: answer for report in reports for key, answer in answers(report).items() if key[1] not in unavailable}
    expected = {key for key in direct if key[0] != UNASKED and key[1] in asked(clients) and key[1] not in unavailable}
    if found.keys() != expected or not {question for question, _ in expected} <= set(QUESTIONS):
        raise Failure(f"not the questions of a check without a proxy: {sorted(found.keys() ^ expected)}")
    return Verdict(tuple(clients), {key: (answer,) for key, answer in found.items() if answer != direct[key]}, unavailable)


def extended(verdict, more, direct):
    """With more answers, as far as they are not the same without a proxy."""
    found = {key: (answer,) for key, answer in more.items() if answer != direct[key]}
    return Verdict(verdict.clients, verdict.answers | found, verdict.unavailable)


def together(verdicts, direct, varies):
    """The verdict of several checks of the same. Only these questions may have several answers."""
    first, *others = verdicts
    found = {}
    for key in {key for verdict in verdicts for key in verdict.answers}:
        there = {answer for verdict in verdicts for answer in verdict.answers.get(key, (direct[key],))}
        if len(there) > 1 and key[0] not in varies:
            words = " and then ".join(sorted(answer.text() for answer in there))
            raise Failure(f"{key[0]} in {key[1]} is {words}: does it depend on the moment (`varies`)?")
        if there != {direct[key]}:
            found[key] = _sorted(there)
    if any(other.unavailable != first.unavailable for other in others):
        raise Failure(f"other modes have a connection the next time: {[verdict.unavailable for verdict in verdicts]}")
    return Verdict(first.clients, found, first.unavailable)


def settled(found, known, direct, varies, adds):
    """A verdict in which these questions have all their known answers, if the one that was found is among them, or if it
    `adds` to them."""
    result = dict(found.answers)
    for key in direct:
        if key[0] in varies and key[1] in found.modes() and key[1] in known.modes():
            here, there = set(found.answers.get(key, (direct[key],))), set(known.answers.get(key, (direct[key],)))
            if adds or here <= there:
                result.pop(key, None)
                if here | there != {direct[key]}:
                    result[key] = _sorted(here | there)
    return Verdict(found.clients, result, found.unavailable)


def spread(verdict, direct, varies):
    """What depends on the moment in a mode does so in all modes of this protocol: few checks do not show each."""
    result = dict(verdict.answers)
    for question in varies:
        for modes in (HTTP2, HTTP1):
            keys = [(question, mode) for mode in modes if mode in verdict.modes() and direct[question, mode].outcome != "unknown"]
            if any(len(verdict.answers.get(key, ())) > 1 for key in keys):
                there = {answer for key in keys for answer in verdict.answers.get(key, (direct[key],))}
                result |= dict.fromkeys(keys, _sorted(there))
    return Verdict(verdict.clients, result, verdict.unavailable)


def _sorted(answers):
    return tuple(sorted(answers, key=lambda answer: answer.text()))


def merged(over_tls, without_tls, direct, varies=()):
    """One verdict if both kinds of clients get the same, as far as both are asked. What depends on the moment is taken from
    both."""
    if over_tls is None or without_tls is None:
        return [verdict for verdict in (over_tls, without_tls) if verdict is not None]
    modes = without_tls.modes()
    if without_tls.unavailable or not set(modes) <= set(over_tls.modes()):
        return [over_tls, without_tls]
    both = [dict(over_tls.answers), dict(without_tls.answers)]
    for key in {key for answers in both for key in answers if key[0] in varies and key[1] in modes}:
        there = _sorted({answer for answers in both for answer in answers.get(key, (direct[key],))})
        for answers in both:
            answers[key] = there
    if {key: answers for key, answers in both[0].items() if key[1] in modes} != both[1]:
        return [over_tls, without_tls]
    return [Verdict((*over_tls.clients, *without_tls.clients), both[0], over_tls.unavailable)]


def to_origin(verdicts):
    """The protocols that the proxy uses there, from the least."""
    used = {_PROTOCOLS.get(answer.finding, {}).get(mode[:5])
            for verdict in verdicts for mode in verdict.modes() for answer in verdict.answers.get(("protocol", mode), (_SAME,))}
    return [protocol for protocol in PROTOCOLS if protocol in used]


def head(id, version, verdict):
    return f"{id}, {version}: {', '.join(verdict.clients)}"


def written(comment, versions, blocks):
    """The text of a file: full versions by version, and verdicts by configuration and version."""
    parts = [comment]
    if versions:
        parts.append("\n".join(f"version {version}: {full}" for version, full in versions.items()))
    for (id, version), verdicts in blocks.items():
        for verdict in verdicts:
            parts.append("\n".join([head(id, version, verdict), *(f"    {line}" for line in verdict.lines())]))
    return "\n\n".join(parts) + "\n"


def read(text):
    """The versions and the verdicts of a text that `written` has made."""
    versions, blocks = {}, {}
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    while lines:
        line = lines.pop(0)
        if found := re.fullmatch(r"version (\S+): (\S+)", line):
            versions[found[1]] = found[2]
        elif found := re.fullmatch(r"(\S+), (\S+): (\S+(?:, \S+)*)", line):
            below = []
            while lines and lines[0].startswith(" "):
                below.append(lines.pop(0).strip())
            blocks.setdefault((found[1], found[2]), []).append(_parsed(tuple(found[3].split(", ")), below))
        else:
            raise Failure(f"not a line of verdicts: {line}")
    return versions, blocks


def _parsed(clients, lines):
    found, unavailable = {}, ()
    for line in lines:
        modes, _, rest = line.partition(": ")
        if rest == UNAVAILABLE:
            unavailable = tuple(modes.split())
        elif " → " in rest:
            questions, _, words = rest.partition(" → ")
            answers = tuple(_answer(one) for one in words.split(OR))
            found |= {(question, mode): answers for question in questions.split() for mode in modes.split()}
        elif line != PASSES:
            raise Failure(f"not a line of a verdict: {line}")
    if not set(clients) <= CLIENTS.keys() or not lines:
        raise Failure(f"not a verdict: {clients} {lines}")
    return Verdict(clients, found, unavailable)


def _answer(words):
    outcome = next(outcome for outcome, end in sorted(_ENDS.items(), reverse=True) if words.endswith(end))
    found = re.fullmatch(r"(\S+)(?: (request|response))?(?: hop (\d+))?", words.removesuffix(_ENDS[outcome]))
    if not found:
        raise Failure(f"not an answer: {words}")
    return Answer(outcome, found[1], found[2], int(found[3]) if found[3] else None)

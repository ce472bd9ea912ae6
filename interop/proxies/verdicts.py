"""What a check finds behind a proxy that it does not find without one, and the same as text."""

import re
from dataclasses import dataclass

from tools import Failure

HTTP2 = ("http2-te", "http2")
HTTP1 = ("http1-te", "http1")
MODES = (*HTTP2, *HTTP1)

PROTOCOLS = ("HTTP/1.0", "HTTP/1.1", "HTTP/2")

# The kinds of clients, and the modes in which each is asked.
CLIENTS = {"TLS": MODES, "plain": HTTP1, "h2c": HTTP2}

PASSES = "everything passes"
VARIES = "not compared: "
UNAVAILABLE = "unavailable"

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
    # By question and mode.
    answers: dict
    # Modes without a connection.
    unavailable: tuple = ()
    # Questions whose answers depend on the moment.
    varies: tuple = ()

    def modes(self):
        asked = [mode for client in self.clients for mode in CLIENTS[client]]
        return tuple(mode for mode in MODES if mode in asked and mode not in self.unavailable)

    def lines(self):
        found = {}
        for (question, mode), answer in self.answers.items():
            found.setdefault((answer, question), []).append(mode)
        grouped = {}
        for (answer, question), modes in found.items():
            grouped.setdefault((answer, _ordered(modes)), []).append(question)
        lines = [(answer.outcome != "fail", f"{modes}: {' '.join(questions)} → {answer.text()}")
                 for (answer, modes), questions in grouped.items()]
        texts = [text for _, text in sorted(lines)]
        if self.unavailable:
            texts.append(f"{_ordered(self.unavailable)}: {UNAVAILABLE}")
        if self.varies:
            texts.append(VARIES + " ".join(self.varies))
        return texts or [PASSES]


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


def of(clients, reports, direct, varies=()):
    """What these reports say that `direct` does not: the answers without a proxy."""
    differing, unavailable = {}, []
    for report in reports:
        unavailable += [mode["mode"] for mode in report["hops"][0]["modes"] if mode["unavailable"] is not None]
        differing |= {key: answer for key, answer in answers(report).items()
                      if answer != direct[key] and key[0] not in varies and key[1] not in unavailable}
    return Verdict(tuple(clients), differing, tuple(unavailable), tuple(varies))


def merged(over_tls, without_tls):
    """One verdict if both kinds of clients get the same, as far as both are asked."""
    if over_tls is None or without_tls is None:
        return [verdict for verdict in (over_tls, without_tls) if verdict is not None]
    modes = without_tls.modes()
    restricted = {key: answer for key, answer in over_tls.answers.items() if key[1] in modes}
    if without_tls.unavailable or not set(modes) <= set(over_tls.modes()) or restricted != without_tls.answers:
        return [over_tls, without_tls]
    clients = (*over_tls.clients, *without_tls.clients)
    return [Verdict(clients, over_tls.answers, over_tls.unavailable, over_tls.varies)]


def to_origin(verdicts):
    """The protocols that the proxy uses there, from the least."""
    used = {_PROTOCOLS.get(verdict.answers.get(("protocol", mode), _SAME).finding, {}).get(mode[:5])
            for verdict in verdicts for mode in verdict.modes()}
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
    found, unavailable, varies = {}, (), ()
    for line in lines:
        modes, _, rest = line.partition(": ")
        if line.startswith(VARIES):
            varies = tuple(line.removeprefix(VARIES).split())
        elif rest == UNAVAILABLE:
            unavailable = tuple(modes.split())
        elif " → " in rest:
            questions, _, words = rest.partition(" → ")
            answer = _answer(words)
            found |= {(question, mode): answer for question in questions.split() for mode in modes.split()}
        elif line != PASSES:
            raise Failure(f"not a line of a verdict: {line}")
    if not set(clients) <= CLIENTS.keys() or not lines:
        raise Failure(f"not a verdict: {clients} {lines}")
    return Verdict(clients, found, unavailable, varies)


def _answer(words):
    outcome = next(outcome for outcome, end in sorted(_ENDS.items(), reverse=True) if words.endswith(end))
    found = re.fullmatch(r"(\S+)(?: (request|response))?(?: hop (\d+))?", words.removesuffix(_ENDS[outcome]))
    if not found:
        raise Failure(f"not an answer: {words}")
    return Answer(outcome, found[1], found[2], int(found[3]) if found[3] else None)

"""The questions for each server, and the words for its answers."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from server import HTTP1, HTTP2, HTTP3, QUESTIONS
from tools import Failure, finished

CONTENT = "hello\n"
TRAILER = ["x-sum", "1"]

# In seconds, for one exchange. What has no progress for so long hangs.
LIMIT = 30
STALLED = 10
# What takes longer than a moment.
LATE = 3
HANGS = f"cut: no progress for {STALLED} s"

# Between outcomes that depend on the moment.
OR = "; or "

NONE_SENT = "none is sent"


@dataclass(frozen=True)
class Client:
    """`axum-trailers get`, `put` and `send` with one protocol."""

    binary: Path
    protocol: str
    certificate: Path
    # Options of `send`, if that replaces `get`.
    send: list[str]

    def get(self, url, te=True):
        """The report on a GET, or on what replaces it."""
        verb, options = ("send", self.send) if self.send else ("get", ["--output", "/dev/null"])
        command = self._command(verb, url, "--json", *options, *["--header", "TE:"] * (not te))
        done = finished(command, 2 * LIMIT)
        try:
            report = json.loads(done.stdout)
        except ValueError:
            raise Failure(f"no report from {' '.join(map(str, command))}: {done.stdout}{done.stderr}") from None
        if report["protocol"] not in (self.protocol, None):
            raise Failure(f"{report['protocol']} from {url}, not {self.protocol}")
        return report

    def post(self, url, *options):
        """The content of the response to a POST with the trailer `x-sum`, and why it failed."""
        return self._exchange(self._command("send", url, "--data", "hello", "--trailer", ": ".join(TRAILER), *options), url)

    def put(self, url):
        """The same of a PUT of a file with its digest as a trailer."""
        return self._exchange(self._command("put", self.certificate, url), url)

    def _exchange(self, command, url):
        done = finished(command, 2 * LIMIT)
        if done.returncode == 0:
            return done.stdout, None
        return "", done.stderr.partition("\n")[0].removeprefix(f"{url}: ")

    def _command(self, verb, *arguments):
        version = {HTTP3: "--http3", HTTP2: "--http2-prior-knowledge", HTTP1: "--http1.1"}[self.protocol]
        limits = ["--max-time", f"{LIMIT}s", "--speed-time", f"{STALLED}s"]
        return [self.binary, verb, "--quiet", version, *limits, "--cacert", self.certificate, *arguments]


class Interview:
    """What a server does with the trailers of responses and requests."""

    def __init__(self, server, client, origin):
        self._server, self._client, self._origin = server, client, origin

    def answers(self):
        """By question."""
        asked = (
            lambda: _sent(self._whole(self._route)),
            lambda: _sent(self._whole(self._route, te=False)),
            self._announced,
            lambda: _digest(self._whole(self._route)),
            self._request_trailers,
        )
        meaningless = self._server.meaningless
        return {question: meaningless.get(question) or ask() for question, ask in zip(QUESTIONS, asked, strict=True)}

    def death(self, dying):
        """What a client gets of a response whose handler dies: one outcome, or those between which it varies."""
        outcome = self._outcome(dying.path)
        known = dying.varies.get(self._client.protocol, [])
        return OR.join(known) if outcome in known else outcome

    def _outcome(self, path):
        report = self._client.get(self._origin + path)
        match report["verdict"]:
            case "verified" | "unverified":
                return "complete, with trailers" if report["trailers"] else "complete"
            case "trailer_missing":
                return "complete, without the announced trailer"
            case "cut" if report["message"] == HANGS:
                return "hangs"
            case "cut" | "refused" | "sender_failed":
                return report["message"] + (f", after {int(report['seconds'])} s" if report["seconds"] > LATE else "")
        raise Failure(f"unexpected after {path}: {report}")

    @cached_property
    def _alone(self):
        """The report on a response whose trailers the program does not announce."""
        return self._whole("trailers")

    @cached_property
    def _route(self):
        """A response that has trailers, if there is one."""
        if self._alone["announced"] or "announced" in self._server.meaningless:
            return "trailers"
        return "announced"

    def _announced(self):
        """Who announces trailers."""
        if self._alone["announced"]:
            return "by the server"
        announced = self._whole("announced")
        if _sent(announced) == "no":
            if _sent(self._alone) == "yes":
                raise Failure("trailers that are announced are not sent, and others are")
            return "in vain" if announced["announced"] else NONE_SENT
        if not announced["announced"]:
            return "never"
        return "by the program" if _sent(self._alone) == "yes" else "by the program, or none is sent"

    def _request_trailers(self):
        """What the application gets of announced and of unannounced trailers, and of the digest of an upload."""
        url = self._url("inspect")
        line = ": ".join(TRAILER)
        found = {
            "announced": _seen(self._client.post(url), line),
            "unannounced": _seen(self._client.post(url, "--unannounced"), line),
            "of `put`": _seen(self._client.put(url), "content-digest: "),
        }
        if len(set(found.values())) == 1:
            return found["announced"]
        if found == {"announced": "yes", "unannounced": "no", "of `put`": "yes"}:
            return "if announced"
        return "; ".join(f"{which}: {outcome}" for which, outcome in found.items())

    def _whole(self, route, **options):
        report = self._client.get(self._url(route), **options)
        length = report["bytes"] if self._server.send else len(CONTENT)
        if report["status"] != 200 or report["verdict"] == "cut" or report["bytes"] != length:
            raise Failure(f"wrong response: {report}")
        return report

    def _url(self, route):
        return self._origin + self._server.path(route)


def sends_trailer(client, url):
    return _sent(client.get(url)) == "yes"


def _sent(report):
    return "yes" if TRAILER in (report["trailers"] or []) else "no"


def _digest(report):
    if not any(compared["section"] == "trailer" for compared in report["compared"]):
        return NONE_SENT
    return "verifies" if report["verdict"] == "verified" else report["message"]


def _seen(exchange, line):
    content, failure = exchange
    if failure is not None:
        return failure
    return "yes" if any(there.startswith(line) for there in content.splitlines()) else "no"

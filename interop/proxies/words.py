"""Findings, clients and kinds of losses in words."""

from tools import Failure
from verdicts import HTTP1, HTTP2, MODES

WITH_TE = ("http2-te", "http1-te")
WITHOUT_TE = ("http2", "http1")

# What a check tries, with its names in a cell.
TRAILERS = {
    "trailers": "short responses", "trailers-slow": "slow responses", "trailers-several": "several fields",
    "trailers-repeated": "repeated fields",
}
RARE_TRAILERS = {"trailers-long": "8 KiB", "trailers-unannounced": "unannounced ones"}
CUTS = {"cut-reset": "reset", "cut-close": "close", "cut-short": "short", "upload-cut": "upload"}
CALLS = {"grpc-ok": "successes", "grpc-failure": "failures", "grpc-trailers-only": "failures without messages"}

# Findings of docs/check.md.
_FINDINGS = {
    "added": "added", "arrive": "yes", "arrives": "yes", "breaks-connection": "the connection is closed",
    "breaks-request": "the request fails", "broken": "the response breaks", "changed": "changed",
    "clean-end-noticed": "complete", "clean-end-unnoticed": "complete", "complete": "complete", "doubled": "doubled",
    "downgraded": "HTTP/1.1 to the origin", "dropped": "dropped, `Trailer` stays", "dropped-in-part": "dropped in part",
    "dropped-with-announcement": "dropped with `Trailer`", "error": "an error", "hangs": "hangs",
    "joined": "joined in one line", "leaked-into-content": "they become content",
    "merged-into-header": "merged into the header section", "messages-lost": "messages are lost",
    "not-sent": "the origin sends none", "refused": "refused", "reordered": "reordered",
    "status-changed": "the status changes", "status-lost": "the status is lost", "stripped": "stripped",
    "stripped-in-part": "stripped in part", "truncated": "truncated",
}

# Something arrives, and not all as it was.
PARTLY = ("changed", "doubled", "dropped in part", "joined in one line", "reordered", "stripped in part", "truncated")

# Those of questions without an answer.
_UNKNOWN = {"refused": "unknown (uploads are refused)"}


def listed(items):
    *first, last = items
    return f"{', '.join(first)} and {last}" if first else last


def finding(verdict, question, mode):
    """`yes` if all is as without the proxy. If it depends on the moment, a loss counts."""
    there = {_words(answer) for answer in verdict.answers.get((question, mode), ())} or {"yes"}
    if len(there) == 1:
        return there.pop()
    return "varies" if any(map(is_loss, there)) else "at times unknown"


def _words(answer):
    if answer.outcome == "pass":
        return "yes"
    if answer.outcome == "unknown":
        return _UNKNOWN.get(answer.finding, f"unknown (`{answer.finding}`)")
    if answer.finding not in _FINDINGS:
        raise Failure(f"no words for the finding {answer.finding}")
    return _FINDINGS[answer.finding]


def is_loss(words):
    return words != "yes" and not words.startswith(("unknown", "at times"))


def who(modes, universe=MODES):
    """The clients of some modes, of those in question."""
    modes, universe = set(modes), set(universe)
    for words, those in (("with `TE`", WITH_TE), ("without `TE`", WITHOUT_TE)):
        # Of one protocol, or of both.
        if modes == universe & set(those) and (len(modes) == 2 or universe in (set(HTTP2), set(HTTP1))):
            return words
    parts = []
    for protocol, of_protocol in (("HTTP/2", HTTP2), ("HTTP/1.1", HTTP1)):
        there = modes & set(of_protocol)
        if there and there == universe & set(of_protocol):
            parts.append(protocol)
        elif there:
            parts.append(f"{protocol} {'with' if there & set(WITH_TE) else 'without'} `TE`")
    return ", ".join(parts)

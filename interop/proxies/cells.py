"""The cells of the tables, from verdicts."""

from verdicts import HTTP1, HTTP2, MODES

WITH_TE = ("http2-te", "http1-te")
WITHOUT_TE = ("http2", "http1")

# The kinds of trailers and of cuts that a check tries, with their names in a cell.
TRAILERS = {
    "trailers": "short responses", "trailers-slow": "slow responses", "trailers-several": "several fields",
    "trailers-repeated": "repeated fields",
}
RARE_TRAILERS = {"trailers-long": "8 KiB", "trailers-unannounced": "unannounced ones"}
CUTS = {"cut-reset": "reset", "cut-close": "close", "cut-short": "short", "upload-cut": "upload"}
CALLS = {"grpc-ok": "successes", "grpc-failure": "failures", "grpc-trailers-only": "failures without messages"}

# Findings of docs/check.md in words.
_WORDS = {
    "added": "added", "arrive": "yes", "arrives": "yes", "breaks-connection": "the connection is closed",
    "breaks-request": "the request fails", "broken": "the response breaks", "changed": "changed",
    "clean-end-noticed": "complete", "clean-end-unnoticed": "complete", "complete": "complete",
    "doubled": "doubled", "downgraded": "HTTP/1.1 to the origin", "dropped": "dropped, `Trailer` stays",
    "dropped-in-part": "dropped in part", "dropped-with-announcement": "dropped with `Trailer`", "error": "an error",
    "hangs": "hangs", "joined": "joined in one line", "leaked-into-content": "they become content",
    "merged-into-header": "merged into the header section", "messages-lost": "messages are lost",
    "not-sent": "the origin sends none", "refused": "refused", "reordered": "reordered", "status-changed": "the status changes",
    "status-lost": "the status is lost", "stripped": "stripped", "stripped-in-part": "stripped in part", "truncated": "truncated",
}

# Those of questions without an answer.
_UNKNOWN = {"refused": "unknown (uploads are refused)"}


def te(verdict):
    return _by_mode({mode: _te(verdict, mode) for mode in verdict.modes()})


def _te(verdict, mode):
    answer = verdict.answers.get(("te", mode))
    if answer is None:
        # Of a client that sends none, the origin gets none.
        return "arrives" if mode in WITH_TE else None
    words = _finding(verdict, "te", mode)
    return {"fail": f"**{words}**", "pass": _WORDS[answer.finding], "unknown": words}[answer.outcome]


def trailers(verdict):
    return _by_mode({mode: _trailers(verdict, mode) for mode in verdict.modes()})


def _trailers(verdict, mode):
    """`None` for HTTP/1.1 clients without `TE` that get none: they need not."""
    if mode == "http1" and ("trailers", mode) not in verdict.answers:
        return None
    common = {question: _finding(verdict, question, mode) for question in TRAILERS}
    rare = {question: _finding(verdict, question, mode) for question in RARE_TRAILERS}
    if len(set(common.values())) == 1 and common["trailers"] != "yes":
        return _outcome(common["trailers"])
    return _parts(common | rare, TRAILERS | RARE_TRAILERS)


def request_trailers(verdict):
    return _by_mode({mode: _outcome(_finding(verdict, "request-trailers", mode)) for mode in verdict.modes()})


def cut(verdict):
    """What is not an error, and after which cuts and for which clients."""
    modes = {}
    for question in CUTS:
        for mode in verdict.modes():
            modes.setdefault((question, _finding(verdict, question, mode)), []).append(mode)
    kinds = {}
    for (question, finding), those in modes.items():
        if finding != "yes":
            kinds.setdefault((finding, who(those, verdict.modes())), []).append(CUTS[question])
    everybody = who(verdict.modes(), verdict.modes())
    ends = [f"{_bold(finding)}: {', '.join(names)}{'' if whom == everybody else f' ({whom})'}" for (finding, whom), names in kinds.items()]
    return "; ".join(ends) or "an error"


def grpc(verdict):
    """It needs HTTP/2 and `TE`."""
    mode = "http2-te"
    if mode not in verdict.modes():
        return "no HTTP/2"
    found = {question: _finding(verdict, question, mode) for question in CALLS}
    return _outcome(found["grpc-ok"]) if len(set(found.values())) == 1 else _parts(found, CALLS)


def clients(verdict):
    """Which protocols reach the proxy."""
    protocols = [name for name, modes in (("HTTP/2", HTTP2), ("HTTP/1.1", HTTP1)) if set(modes) & set(verdict.modes())]
    with_tls = {client == "TLS" for client in verdict.clients}
    over = {(True,): " over TLS", (False,): " without TLS"}.get(tuple(with_tls), "")
    return " and ".join(protocols) + over


def asked(verdicts):
    """The modes in which a client may expect trailers."""
    return {mode for verdict in verdicts for mode in verdict.modes() if mode != "http1"}


def reached(verdicts):
    """The modes in which trailers arrive."""
    return {mode for mode in asked(verdicts)
            if all(_finding(verdict, question, mode) == "yes" for verdict in verdicts if mode in verdict.modes() for question in TRAILERS)}


def kinds(verdicts):
    """The kinds of trailers that arrive in some mode."""
    return [name for question, name in TRAILERS.items()
            if any(_finding(verdict, question, mode) == "yes" for verdict in verdicts for mode in verdict.modes() if mode != "http1")]


def has_request_trailers(verdicts):
    return _arrive(verdicts, ["request-trailers"], MODES)


def has_cuts(verdicts):
    return _arrive(verdicts, CUTS, MODES)


def has_grpc(verdicts):
    return _arrive(verdicts, CALLS, ["http2-te"])


def _arrive(verdicts, questions, modes):
    """Whether all is as without the proxy, in each of these modes that it has."""
    there = [(verdict, mode) for verdict in verdicts for mode in verdict.modes() if mode in modes]
    return bool(there) and all(_finding(verdict, question, mode) in ("yes", "varies") for verdict, mode in there for question in questions)


def _finding(verdict, question, mode):
    """In words: `yes` if all is as without the proxy."""
    if question in verdict.varies:
        return "varies"
    answer = verdict.answers.get((question, mode))
    if answer is None or answer.outcome == "pass":
        return "yes"
    return _UNKNOWN.get(answer.finding, f"unknown (`{answer.finding}`)") if answer.outcome == "unknown" else _WORDS[answer.finding]


def _outcome(finding):
    """Of all that a cell is about."""
    return finding if finding in ("yes", "varies") or finding.startswith("unknown") else f"**no** ({finding})"


def _bold(finding):
    return finding if finding == "varies" or finding.startswith("unknown") else f"**{finding}**"


def _parts(found, names):
    """What arrives and what does not, of several kinds: the fewer ones by name."""
    grouped = {}
    for question, finding in found.items():
        grouped.setdefault(finding, []).append(names[question])
    arrive = grouped.pop("yes", [])
    others = [f"{', '.join(those)} ({finding})" for finding, those in grouped.items()]
    if not others:
        return "yes"
    if len(arrive) > len(found) / 2:
        return f"yes, but not {'; '.join(others)}"
    if len(grouped) == 1:
        others = [f"the others ({next(iter(grouped))})"]
    return f"only {', '.join(arrive)}, not {'; '.join(others)}" if arrive else f"**no**: {'; '.join(others)}"


def _by_mode(texts):
    """Each text once, with its clients if there are several."""
    texts = {mode: text for mode, text in texts.items() if text is not None}
    grouped = {}
    for mode, text in texts.items():
        grouped.setdefault(text, []).append(mode)
    if len(grouped) <= 1:
        return "".join(grouped)
    return "; ".join(f"{who(modes, texts)}: {text}" for text, modes in grouped.items())


def who(modes, universe=MODES):
    """The clients of some modes, of those in question."""
    modes, universe = set(modes), set(universe)
    for words, those in (("with `TE`", WITH_TE), ("without `TE`", WITHOUT_TE)):
        if modes == universe & set(those) and len(modes) == 2:
            return words
    parts = []
    for protocol, of_protocol in (("HTTP/2", HTTP2), ("HTTP/1.1", HTTP1)):
        there = modes & set(of_protocol)
        if there and there == universe & set(of_protocol):
            parts.append(protocol)
        elif there:
            parts.append(f"{protocol} {'with' if there & set(WITH_TE) else 'without'} `TE`")
    return ", ".join(parts)

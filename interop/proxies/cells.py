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
CUTS = {"cut-reset": "a reset", "cut-close": "a closed connection", "cut-short": "less than `Content-Length`"}
CALLS = {"grpc-ok": "successes", "grpc-failure": "failures", "grpc-trailers-only": "failures without messages"}

# Findings of docs/check.md in words.
_WORDS = {
    "added": "added", "arrive": "yes", "arrives": "yes", "breaks-connection": "the connection is closed",
    "breaks-request": "the request fails", "broken": "the response breaks", "changed": "changed",
    "clean-end-noticed": "**complete**, without the trailers", "clean-end-unnoticed": "**complete**", "complete": "**complete**",
    "doubled": "doubled", "downgraded": "HTTP/1.1 to the origin", "dropped": "dropped, `Trailer` stays",
    "dropped-in-part": "dropped in part", "dropped-with-announcement": "dropped with `Trailer`", "error": "an error",
    "hangs": "no end comes", "joined": "joined in one line", "leaked-into-content": "they become content",
    "merged-into-header": "merged into the header section", "messages-lost": "messages are lost",
    "not-sent": "the origin sends none", "refused": "refused", "reordered": "reordered", "status-changed": "the status changes",
    "status-lost": "the status is lost", "stripped": "stripped", "stripped-in-part": "stripped in part", "truncated": "truncated",
}


def te(verdict):
    return _by_mode({mode: _te(verdict, mode) for mode in verdict.modes()})


def _te(verdict, mode):
    answer = verdict.answers.get(("te", mode))
    if answer is None:
        # Of a client that sends none, the origin gets none.
        return "arrives" if mode in WITH_TE else None
    words = _WORDS[answer.finding] if answer.outcome != "unknown" else f"unknown (`{answer.finding}`)"
    return f"**{words}**" if answer.outcome == "fail" else words


def trailers(verdict):
    return _by_mode({mode: _trailers(verdict, mode) for mode in verdict.modes()})


def _trailers(verdict, mode):
    """`None` for HTTP/1.1 clients without `TE` that get none: they need not."""
    if mode == "http1" and ("trailers", mode) not in verdict.answers:
        return None
    common = {question: _finding(verdict, question, mode) for question in TRAILERS}
    rare = {question: _finding(verdict, question, mode) for question in RARE_TRAILERS}
    if len(set(common.values())) == 1 and common["trailers"] != "yes":
        return _no(common["trailers"])
    return _with_exceptions(common | rare, TRAILERS | RARE_TRAILERS)


def request_trailers(verdict):
    texts = {}
    for mode in verdict.modes():
        finding = _finding(verdict, "request-trailers", mode)
        texts[mode] = finding if finding in ("yes", "varies") else _no(finding)
    return _by_mode(texts)


def cut(verdict):
    texts = {mode: _each({question: _cut(verdict, question, mode) for question in CUTS}, CUTS) for mode in verdict.modes()}
    uploads = {mode: _cut(verdict, "upload-cut", mode) for mode in verdict.modes()}
    lost = {mode: text for mode, text in uploads.items() if text != "an error"}
    ends = f". An upload: {_by_mode(lost, uploads)}" if lost else ""
    return _by_mode(texts) + ends


def _cut(verdict, question, mode):
    finding = _finding(verdict, question, mode)
    return "an error" if finding == "yes" else finding


def grpc(verdict):
    """It needs HTTP/2 and `TE`."""
    mode = "http2-te"
    if mode not in verdict.modes():
        return "no HTTP/2"
    found = {question: _finding(verdict, question, mode) for question in CALLS}
    if len(set(found.values())) == 1:
        [finding] = set(found.values())
        return finding if finding in ("yes", "varies") else _no(finding)
    return _with_exceptions(found, CALLS)


def asked(verdicts):
    """The modes in which a client may expect trailers."""
    return {mode for verdict in verdicts for mode in verdict.modes() if mode != "http1"}


def reached(verdicts):
    """The modes in which trailers arrive."""
    return {mode for mode in asked(verdicts)
            if all(_finding(verdict, question, mode) == "yes" for verdict in verdicts if mode in verdict.modes() for question in TRAILERS)}


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


def clients(verdict):
    """Which protocols reach the proxy."""
    protocols = [name for name, modes in (("HTTP/2", HTTP2), ("HTTP/1.1", HTTP1)) if set(modes) & set(verdict.modes())]
    transports = {("TLS",): " over TLS", ("plain",): " without TLS"}
    over = transports.get(tuple(sorted({"TLS" if client == "TLS" else "plain" for client in verdict.clients})), "")
    return " and ".join(protocols) + over


def _finding(verdict, question, mode):
    """In words: `yes` if all is as without the proxy."""
    if question in verdict.varies:
        return "varies"
    answer = verdict.answers.get((question, mode))
    if answer is None or answer.outcome == "pass":
        return "yes"
    if answer.outcome == "unknown":
        return f"unknown (`{answer.finding}`)"
    return _WORDS[answer.finding]


def _no(words):
    return words if words.startswith("unknown") else f"**no** ({words})"


def _with_exceptions(found, names):
    """`yes`, and what does not arrive."""
    exceptions = {question: words for question, words in found.items() if words != "yes"}
    if not exceptions:
        return "yes"
    return "yes, but not " + _each({question: words for question, words in exceptions.items()}, names, reverse=True)


def _each(found, names, reverse=False):
    """Each text once, with the names of what it is about if there are several."""
    grouped = {}
    for question, text in found.items():
        grouped.setdefault(text, []).append(names[question])
    if reverse:
        return "; ".join(f"{', '.join(those)} ({text})" for text, those in grouped.items())
    if len(grouped) == 1:
        return next(iter(grouped))
    return "; ".join(f"{text} after {' or '.join(those)}" for text, those in grouped.items())


def _by_mode(texts, all_texts=None):
    """Each text once, with its modes if there are several."""
    texts = {mode: text for mode, text in texts.items() if text is not None}
    universe = [mode for mode in MODES if mode in (all_texts or texts)]
    grouped = {}
    for mode, text in texts.items():
        grouped.setdefault(text, []).append(mode)
    if len(grouped) == 1 and len(texts) == len(universe):
        return next(iter(grouped))
    return ". ".join(f"{who(modes, universe)}: {text}" for text, modes in grouped.items()) or "nothing is known"


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

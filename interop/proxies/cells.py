"""The cells of the tables, from verdicts."""

from verdicts import HTTP1, HTTP2, UNASKED
from words import CALLS, CUTS, PARTLY, RARE_TRAILERS, TRAILERS, WITH_TE, finding, is_loss, who

# Questions that other columns are about.
_IN_COLUMNS = {"te", "protocol", "timing", "digest", "failure", "request-trailers", UNASKED} | set(
    [*TRAILERS, *RARE_TRAILERS, *CUTS, *CALLS]
)


def te(verdict):
    return _by_mode({mode: _te(verdict, mode) for mode in verdict.modes()})


def _te(verdict, mode):
    answers = verdict.answers.get(("te", mode))
    if answers is None:
        # Of a client that sends none, the origin gets none.
        return "arrives" if mode in WITH_TE else None
    if all(answer.outcome == "pass" for answer in answers):
        return " or ".join(answer.finding for answer in answers)
    return _bold(finding(verdict, "te", mode))


def trailers(verdict):
    return _by_mode({mode: _trailers(verdict, mode) for mode in verdict.modes()})


def _trailers(verdict, mode):
    """`None` for HTTP/1.1 clients without `TE` that get none: they need not."""
    if mode == "http1" and ("trailers", mode) not in verdict.answers:
        return None
    common = {question: finding(verdict, question, mode) for question in TRAILERS}
    rare = {question: finding(verdict, question, mode) for question in RARE_TRAILERS}
    # If some vary, the others say which losses there are.
    certain = set(common.values()) - {"varies"} or {"varies"}
    if len(certain) == 1 and certain != {"yes"}:
        return _outcome(certain.pop())
    return _parts(common | rare, TRAILERS | RARE_TRAILERS)


def request_trailers(verdict):
    return _by_mode({mode: _outcome(finding(verdict, "request-trailers", mode)) for mode in verdict.modes()})


def cut(verdict):
    """What is not an error, and after which cuts and for which clients."""
    modes = {}
    for question in CUTS:
        for mode in verdict.modes():
            modes.setdefault((question, finding(verdict, question, mode)), []).append(mode)
    everybody = who(verdict.modes(), verdict.modes())
    kinds = {}
    for (question, words), those in modes.items():
        if words != "yes":
            whom = who(those, verdict.modes())
            kinds.setdefault((_bold(words), "" if whom == everybody else f" ({whom})"), []).append(CUTS[question])
    return "; ".join(f"{words}: {', '.join(names)}{whom}" for (words, whom), names in kinds.items()) or "an error"


def grpc(verdict):
    """It needs HTTP/2 and `TE`."""
    mode = "http2-te"
    if mode not in verdict.modes():
        return "no HTTP/2"
    found = {question: finding(verdict, question, mode) for question in CALLS}
    return _outcome(found["grpc-ok"]) if len(set(found.values())) == 1 else _parts(found, CALLS)


def protocols(verdict):
    """Those in which clients reach the proxy."""
    there = [name for name, modes in (("HTTP/2", HTTP2), ("HTTP/1.1", HTTP1)) if set(modes) & set(verdict.modes())]
    return " and ".join(there)


def others(verdict):
    """What else is lost or changed."""
    lost = {}
    for (question, _), answers in verdict.answers.items():
        if question not in _IN_COLUMNS:
            there = [answer.finding for answer in answers if answer.outcome == "fail"]
            lost.setdefault(question, {}).update(dict.fromkeys(there))
    texts = (f"[`{question}`](check.md#questions): {' or '.join(there)}" for question, there in lost.items() if there)
    return ", ".join(texts)


def _outcome(words):
    """Of all that a cell is about."""
    if words == "varies":
        return "**varies**"
    if words in PARTLY:
        return f"**partly** ({words})"
    return f"**no** ({words})" if is_loss(words) else words


def _bold(words):
    return f"**{words}**" if is_loss(words) else words


def _parts(found, names):
    """What arrives and what does not, of several kinds: the fewer ones by name."""
    grouped = {}
    for question, words in found.items():
        grouped.setdefault(words, []).append(names[question])
    arrive = grouped.pop("yes", [])
    others = [f"{', '.join(those)} ({words})" for words, those in grouped.items()]
    if not others:
        return "yes"
    if arrive and list(grouped) == ["varies"]:
        return f"yes for {', '.join(arrive)}, **varies** for the others"
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

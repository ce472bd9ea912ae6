"""The first table: whether trailers pass by default, with which lines, and what never passes."""

from markdown import anchor
from verdicts import MODES
from words import CALLS, CUTS, TRAILERS, finding, who

TITLES = ("Proxy", "By default", "With these lines", "Never")


def rows(measured):
    for one in measured:
        for release in one.proxy.programs:
            found = [(setup.configuration, verdicts) for setup, verdicts in one.blocks() if setup.release is release]
            name = f"[{one.proxy.name} {release.version}](#{anchor(one.proxy.name)})"
            yield name, _default(found), _lines(found), _never(found)


def _default(found):
    """Each reach once. If there are several, the protocol to the origin decides."""
    origins = {}
    for configuration, verdicts in found:
        if configuration.kind == "as-installed":
            origins.setdefault(_reach(verdicts), []).append(configuration.to_origin)
    if len(origins) <= 1:
        return "".join(origins) or "–"
    return "; ".join(f"{reach} ({' or '.join(dict.fromkeys(those))} to the origin)" for reach, those in origins.items())


def _lines(found):
    """The configurations that get trailers to the most clients."""
    there = [(configuration, verdicts) for configuration, verdicts in found if configuration.kind == "trailers"]
    best = [
        f"{configuration.words}{'' if _is_whole(verdicts) else f' ({_reach(verdicts)})'}"
        for configuration, verdicts in there
        if not any(_reached(verdicts) < _reached(other) for _, other in there)
    ]
    return " or ".join(dict.fromkeys(best)) or "–"


def _is_whole(verdicts):
    return _reached(verdicts) == _asked(verdicts)


def _reach(verdicts):
    reached, asked = _reached(verdicts), _asked(verdicts)
    if reached == asked:
        return "**yes**"
    if reached:
        return f"only {who(reached, asked)}"
    kinds = _kinds(verdicts)
    return f"only {', '.join(kinds)}" if kinds else "**no**"


def _never(found):
    """What is lost in each configuration."""
    all_verdicts = [verdicts for _, verdicts in found]
    asked = set.union(*map(_asked, all_verdicts))
    reached = set.union(*map(_reached, all_verdicts))
    lost = []
    if not reached and not any(map(_kinds, all_verdicts)):
        lost.append("response trailers")
    elif reached and asked - reached:
        lost.append(f"response trailers for {who(asked - reached, asked)}")
    for words, losable in _LOSABLE.items():
        if not any(_arrive(verdicts, *losable) for verdicts in all_verdicts):
            lost.append(words)
    return ", ".join(lost) or "–"


# Questions and modes.
_LOSABLE = {
    "request trailers": (["request-trailers"], MODES), "gRPC": (CALLS, ["http2-te"]), "each cut as an error": (CUTS, MODES),
}


def _arrive(verdicts, questions, modes):
    """Whether all is as without the proxy, in each of these modes that it has."""
    there = _words(verdicts, questions, modes)
    return bool(there) and all(words in ("yes", "varies") for words in there)


def _asked(verdicts):
    """The modes in which a client may expect trailers."""
    return {mode for verdict in verdicts for mode in verdict.modes() if mode != "http1"}


def _reached(verdicts):
    """The modes in which trailers arrive."""
    return {mode for mode in _asked(verdicts) if set(_words(verdicts, TRAILERS, [mode])) == {"yes"}}


def _kinds(verdicts):
    """The kinds of trailers that arrive in some mode."""
    return [name for question, name in TRAILERS.items() if "yes" in _words(verdicts, [question], _asked(verdicts))]


def _words(verdicts, questions, modes):
    return [finding(verdict, question, mode)
            for verdict in verdicts for mode in verdict.modes() if mode in modes for question in questions]

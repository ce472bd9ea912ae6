"""The first table: whether trailers pass by default, with which lines, and what is lost even then."""

import re

from markdown import anchor
from verdicts import MODES, UNASKED
from words import CALLS, CUTS, PARTLY, TRAILERS, finding, listed, who

TITLES = ("Proxy", "By default", "If the origin needs no `TE`", "With these lines", "Lost even then")


def rows(measured):
    """Versions of a proxy with the same answers have one row."""
    for one in measured:
        versions = {}
        for release in one.proxy.programs:
            found = _of(one, release)
            answers = _default(found, _reached), _default(found, _reached_unasked), _lines(found), _lost(found)
            versions.setdefault(answers, []).append(release.version)
        for answers, those in versions.items():
            yield f"[{one.proxy.name} {listed(those)}](#{anchor(one.proxy.name)})", *answers


def chosen(one):
    """Each setup that this table is about, with its verdicts."""
    best = {release.version: _best(_of(one, release)) for release in one.proxy.programs}
    return [
        (setup, verdicts) for setup, verdicts in one.blocks()
        if setup.configuration.kind == "as-installed" or setup.configuration in best[setup.release.version]
    ]


def _of(one, release):
    return [(setup.configuration, verdicts) for setup, verdicts in one.blocks() if setup.release is release]


def _default(found, reached):
    """Each reach once. If there are several, the protocol to the origin decides."""
    origins = {}
    for configuration, verdicts in found:
        if configuration.kind == "as-installed":
            origins.setdefault(_reach(verdicts, reached), []).append(configuration.to_origin)
    if len(origins) <= 1:
        return "".join(origins) or "–"
    return "; ".join(f"{reach} ({' or '.join(dict.fromkeys(those))} to the origin)" for reach, those in origins.items())


def _lines(found):
    best = [
        f"{configuration.words}{'' if _is_whole(verdicts) else f' ({_reach(verdicts, _reached)})'}"
        for configuration, verdicts in found if configuration in _best(found)
    ]
    return "; or ".join(dict.fromkeys(best)) or "–"


def _best(found):
    """The configurations that get trailers to the most clients, and break no response."""
    there = [block for block in found if block[0].kind == "trailers" and not _breaks(block[1])]
    return [
        configuration for configuration, verdicts in there
        if not any(_reached(verdicts) < _reached(other) for _, other in there)
        and not any(_has_more(configuration, another) and _whole(verdicts) <= _whole(other) for another, other in there)
    ]


def _whole(verdicts):
    """What passes in all modes."""
    return {words for words, (questions, modes) in _LOSABLE.items() if _lost_of([verdicts], words, questions, modes) is None}


def _breaks(verdicts):
    """Whether common trailers break a response."""
    return any(answer.finding == "broken" for verdict in verdicts for (question, _), answers in verdict.answers.items()
               if question in TRAILERS for answer in answers)


def _has_more(configuration, other):
    """Whether it has all lines of another one, and more."""
    lines = [set(re.findall("`.*?`", one.words)) for one in (configuration, other)]
    return lines[0] > lines[1]


def _is_whole(verdicts):
    return _reached(verdicts) == _asked(verdicts)


def _reach(verdicts, reaches):
    reached, asked = reaches(verdicts), _asked(verdicts)
    if reached == asked:
        return "**yes**"
    if reached:
        return f"only {who(reached, asked)}"
    kinds = _kinds(verdicts) if reaches is _reached else []
    return f"only {', '.join(kinds)}" if kinds else "**no**"


def _lost(found):
    """What is lost in each configuration that passes trailers, or if there are none, by default."""
    best = _best(found)
    there = [verdicts for configuration, verdicts in found
             if (configuration in best if best else configuration.kind == "as-installed")]
    lost = [_lost_of(there, words, questions, modes) for words, (questions, modes) in _LOSABLE.items()]
    if any(map(_kinds, there)) and not any(map(_reached, there)):
        # Some arrive, as the lines say.
        del lost[0]
    return ", ".join(filter(None, lost)) or "–"


# Questions and modes.
_LOSABLE = {
    "response trailers": (TRAILERS, MODES[:3]), "request trailers": (["request-trailers"], MODES),
    "gRPC": (CALLS, ["http2-te"]), "errors after cuts": (CUTS, MODES),
}


def _lost_of(all_verdicts, words, questions, modes):
    """In words, the modes in which none of these passes all of this. If that is nothing, what is not as it was."""
    asked = {mode for verdicts in all_verdicts for verdict in verdicts for mode in verdict.modes() if mode in modes}
    there = {mode: [set(_words(verdicts, questions, [mode])) - {"yes", "at times unknown"} for verdicts in all_verdicts]
             for mode in asked}
    lost = {mode for mode in asked if all(those - set(PARTLY) for those in there[mode])}
    if lost == asked:
        return words
    if lost:
        return f"{words} for {who(lost, asked)}"
    changes = {change for those in there.values() if all(those) for change in set.union(*those)}
    return f"{words} ({', '.join(sorted(changes))})" if changes else None


def _asked(verdicts):
    """The modes in which a client may expect trailers."""
    return {mode for verdict in verdicts for mode in verdict.modes() if mode != "http1"}


def _reached(verdicts):
    """The modes in which trailers arrive."""
    return {mode for mode in _asked(verdicts) if set(_words(verdicts, TRAILERS, [mode])) == {"yes"}}


def _reached_unasked(verdicts):
    """The same if the origin sends them without being asked for."""
    return {mode for mode in _asked(verdicts) if set(_words(verdicts, [UNASKED], [mode])) == {"yes"}}


def _kinds(verdicts):
    """The kinds of trailers that arrive in some mode."""
    return [name for question, name in TRAILERS.items() if "yes" in _words(verdicts, [question], _asked(verdicts))]


def _words(verdicts, questions, modes):
    return [finding(verdict, question, mode)
            for verdict in verdicts for mode in verdict.modes() if mode in modes for question in questions]

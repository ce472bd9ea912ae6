"""src/check/remedies.json, from the remedies of the proxies and from what was found behind them."""

import json
import re
from dataclasses import dataclass

import manifest
from proxy import HERE, Remedy
from tools import ROOT, Failure
from verdicts import MODES, QUESTIONS
from words import listed, who

FILE = ROOT / "src/check/remedies.json"

# For a proxy that is not known.
ANY = HERE / "any.toml"

WIDTH = 120

# What stands for the origin in a remedy's lines, and what it can be in a configuration.
PLACEHOLDERS = {"HOST,PORT": r"(?:127\.0\.0\.1|localhost),(?:8080|3000)", "ORIGIN": r"(?:127\.0\.0\.1|localhost):(?:8080|3000)"}

# The modes in which some questions are asked. Others are asked in all.
ASKED = {"te": {"http2-te", "http1-te"}, "continue": {"http1-te", "http1"}} | {
    question: {"http2-te"} if question.startswith("grpc-") else set(MODES) - {"http1"}
    for question in QUESTIONS if question.startswith(("grpc-", "trailers", "timing", "digest"))
}


@dataclass(frozen=True)
class _Anything:
    remedies: list[Remedy]


def of(one):
    """The entries for a proxy."""
    return [entry for remedy in one.proxy.remedies for entry in _entries(one, remedy)]


def written(entries):
    """The file: entries with names, then those without, then those for any proxy."""
    entries = sorted(entries, key=lambda entry: not entry["names"])
    entries += [_entry(remedy, remedy.findings, remedy.cures, remedy.modes, remedy.basis)
                for remedy in manifest.load(_Anything, ANY).remedies]
    return "[\n" + ",\n".join(_formatted(entry) for entry in entries) + "\n]\n"


def _entries(one, remedy):
    where = f"{one.proxy.folder.name}: remedy for {remedy.place or remedy.note}"
    if remedy.measured is None:
        if not (remedy.basis and remedy.findings and remedy.cures):
            raise Failure(f"{where}: it needs `measured`, or `basis`, `findings` and `cures`")
        return [_entry(remedy, remedy.findings, remedy.cures, remedy.modes, remedy.basis)]
    if remedy.findings or remedy.cures or remedy.modes:
        raise Failure(f"{where}: `findings`, `cures` and `modes` are made from what is measured")
    try:
        found = _always(one, remedy) if remedy.measured.always else _fixed(one, remedy)
    except Failure as failure:
        raise Failure(f"{where}: {failure}") from failure
    if (remedy.from_ or remedy.before) and not remedy.basis:
        raise Failure(f"{where}: its bounds need a `basis`, because few versions are measured")
    return [_entry(remedy, *entry, _basis(one, remedy), _costs(one, remedy)) for entry in _grouped(found)]


@dataclass(frozen=True)
class _Found:
    """A question that a remedy is about, with the findings of its failures and the modes in which it is about it."""

    question: str
    findings: frozenset
    # All of them, or some.
    modes: tuple


def _releases(one, remedy):
    """The programs that it was measured with."""
    program = remedy.measured.program
    return [one.proxy.release(program)] if program else one.proxy.programs


def _fixed(one, remedy):
    """What fails without the lines, and passes with them."""
    measured = remedy.measured
    if measured.with_ is None or not measured.without:
        raise Failure("`measured` needs `without` and `with`, or `always`")
    fails, passes, still = {}, set(), set()
    for release in _releases(one, remedy):
        for id in measured.without:
            for verdict in one.verdicts[one.proxy.configuration(id, release.version).id, release.version]:
                for key, answers in verdict.answers.items():
                    if lost := {answer.finding for answer in answers if answer.outcome == "fail"} - set(measured.accepts):
                        fails.setdefault(key, set()).update(lost)
        version = measured.with_program or release.version
        _check_lines(one.proxy, one.proxy.configuration(measured.with_, version), remedy.lines)
        for verdict in one.verdicts[measured.with_, version]:
            keys = {(question, mode) for question in QUESTIONS for mode in verdict.modes()}
            bad = {key for key in keys if not _is_good(verdict, key, measured.accepts)}
            passes |= keys - bad
            still |= bad
    if measured.questions:
        fails = {(question, mode): findings for (question, mode), findings in fails.items() if question in measured.questions}
    return _by_question({key: fails[key] for key in fails.keys() & (passes - still)}, fails.keys() & still)


def _costs(one, remedy):
    """What is lost with the lines, and in no configuration without them."""
    measured = remedy.measured
    if measured.always:
        return None
    lost = set()
    for release in _releases(one, remedy):
        without = [verdict for id in measured.without for verdict in one.verdicts[id, release.version]]
        for verdict in one.verdicts[measured.with_, measured.with_program or release.version]:
            bad = {key for key in verdict.answers if not _is_good(verdict, key, measured.accepts) and _fails(verdict, key)}
            lost |= {key for key in bad if not any(_fails(other, key) for other in without)}
    by_modes = {}
    for question in QUESTIONS:
        if modes := tuple(mode for mode in MODES if (question, mode) in lost):
            is_all = ASKED.get(question, set(MODES)) <= set(modes)
            by_modes.setdefault(() if is_all else modes, []).append(f"`{question}`")
    texts = [f"{listed(those)} {'fail' if len(those) > 1 else 'fails'}{f' for {who(modes)}' if modes else ''}"
             for modes, those in by_modes.items()]
    return f"With it, {'; '.join(texts)}." if texts else None


def _fails(verdict, key):
    return any(answer.outcome == "fail" for answer in verdict.answers.get(key, ()))


def _is_good(verdict, key, accepts):
    return all(answer.outcome == "pass" or answer.finding in accepts for answer in verdict.answers.get(key, ()))


def _always(one, remedy):
    """What fails in each configuration."""
    if remedy.lines:
        raise Failure("nothing helps, so it has no lines")
    releases = _releases(one, remedy)
    verdicts = [verdict for setup, found in one.blocks() if setup.release in releases for verdict in found]
    lost = {}
    for question in remedy.measured.questions or QUESTIONS:
        for mode in MODES:
            there = [verdict.answers.get((question, mode), ()) for verdict in verdicts if mode in verdict.modes()]
            if there and all(answers and all(answer.outcome == "fail" for answer in answers) for answers in there):
                lost[question, mode] = {answer.finding for answers in there for answer in answers}
    if missing := set(remedy.measured.questions) - {question for question, _ in lost}:
        raise Failure(f"{', '.join(sorted(missing))}: some configuration passes it")
    asked = {(question, mode) for question, _ in lost for verdict in verdicts for mode in verdict.modes()}
    return _by_question(lost, asked - lost.keys())


def _by_question(found, others):
    """`others` are those that the remedy is not about, although they can fail."""
    result = []
    for question in QUESTIONS:
        modes = [mode for mode in MODES if (question, mode) in found]
        if modes:
            findings = frozenset(finding for mode in modes for finding in found[question, mode])
            is_all = not any(other == question for other, _ in others)
            result.append(_Found(question, findings, MODES if is_all else tuple(modes)))
    if not result:
        raise Failure("it fixes nothing")
    return result


def _grouped(found):
    """The findings, questions and modes of each entry: the fewest. A question need not be asked in each of them."""
    all_modes = sorted({one.modes for one in found}, key=len, reverse=True)
    groups = {}
    for one in found:
        asked = ASKED.get(one.question, set(MODES))
        modes = next(modes for modes in all_modes if set(modes) & asked == set(one.modes) & asked)
        groups.setdefault(modes, []).append(one)
    for modes, there in groups.items():
        findings = sorted(frozenset.union(*(one.findings for one in there)))
        yield findings, [one.question for one in there], [] if modes == MODES else list(modes)


def _check_lines(proxy, configuration, lines):
    texts = [*proxy.files(configuration).values(), " ".join(configuration.arguments)]
    there = "\n".join(" ".join(text.split()) for text in texts)
    for line in lines:
        pattern = re.escape(" ".join(line.split()))
        for placeholder, ones in PLACEHOLDERS.items():
            pattern = pattern.replace(re.escape(placeholder), ones)
        if not re.search(pattern, there):
            raise Failure(f"the configuration {configuration.id} does not have its line «{line}»")


def _basis(one, remedy):
    measured = [release.version for release in _releases(one, remedy)] + [remedy.measured.with_program]
    versions = listed([one.versions[version] for version in measured if version is not None])
    return f"{f'{remedy.basis}, ' if remedy.basis else ''}measured with {one.proxy.name} {versions}"


def _entry(remedy, findings, cures, modes, basis, costs=None):
    note = " ".join(filter(None, [remedy.note, costs])) or None
    members = {
        "names": remedy.names, "unnamed": remedy.unnamed, "from": remedy.from_, "before": remedy.before, "findings": findings,
        "modes": modes, "cures": cures, "place": remedy.place, "lines": remedy.lines, "note": note, "basis": basis,
    }
    return {name: value for name, value in members.items() if value or name == "names"}


def _formatted(entry):
    lines = [f'    {json.dumps(name)}: {_value(name, value)}' for name, value in entry.items()]
    return "  {\n" + ",\n".join(lines) + "\n  }"


def _value(name, value):
    """A list that is too long for a line has several."""
    text = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, list) or len(text) + len(name) + 9 <= WIDTH:
        return text
    lines = [""]
    for item in (json.dumps(item, ensure_ascii=False) for item in value):
        if len(lines[-1]) + len(item) > WIDTH - 10:
            lines.append("")
        lines[-1] += f"{item}, "
    return "[\n" + "\n".join(f"      {line.rstrip()}" for line in lines).rstrip(",") + "\n    ]"

"""The generated parts of docs/proxies.md, from what the folders of the proxies contain."""

import re

import cells
from markdown import code, replaced, table
from tools import ROOT, Failure
from verdicts import to_origin

DOCUMENT = ROOT / "docs/proxies.md"

TITLES = ("To the origin", "Clients", "`TE`", "Response trailers", "Request trailers", "A cut transfer", "gRPC")

# Questions that a column is about. The others are in the last column of a proxy's own table.
_IN_COLUMNS = {"te", "protocol", "timing", "digest", "failure", "request-trailers", "upload-cut"} | set(
    [*cells.TRAILERS, *cells.RARE_TRAILERS, *cells.CUTS, *cells.CALLS]
)


def order(text):
    """The names of the proxies' folders, as their sections follow each other."""
    return re.findall(r"(?m)^## .*\n(?:(?!## ).*\n)*?<!-- (\w+) -->$", text.partition("<!-- /results -->")[2])


def check(text, one):
    """Raises a `Failure` if there is no section for a proxy."""
    if f"\n## {one.proxy.name}\n" not in text or one.proxy.folder.name not in order(text):
        raise Failure(f"docs/proxies.md has no section «## {one.proxy.name}» with the markers {one.proxy.folder.name}")


def written(text, measured):
    """The document with what these proxies were measured to do, in its order."""
    text = replaced(text, "answers", table(("Proxy", "By default", "With these lines", "Never"), _answers(measured)))
    rows = [(f"[{one.proxy.name}](#{_anchor(one.proxy.name)})", *row[:-1]) for one in measured for row in _rows(one)]
    text = replaced(text, "results", table(("Proxy", "Version", "Configuration", *TITLES), rows))
    for one in measured:
        text = replaced(text, one.proxy.folder.name, _section(one))
    return text


def _answers(measured):
    for one in measured:
        for release in one.proxy.programs:
            found = [(setup.configuration, verdicts) for setup, verdicts in one.blocks() if setup.release is release]
            name = f"[{one.proxy.name} {release.version}](#{_anchor(one.proxy.name)})"
            yield name, _default(found), _lines(found), _never(found)


def _default(found):
    """Each reach once. With several, also the configurations."""
    words = {}
    for configuration, verdicts in found:
        if configuration.kind == "as-installed":
            words.setdefault(_reach(verdicts), []).append(configuration.words)
    if len(words) <= 1:
        return "".join(words) or "–"
    return "; ".join(f"{' or '.join(dict.fromkeys(those))}: {reach}" for reach, those in words.items())


def _lines(found):
    """The configurations that get trailers to the most clients."""
    there = [(configuration, verdicts) for configuration, verdicts in found if configuration.kind == "trailers"]
    best = [
        f"{configuration.words}{'' if _is_whole(verdicts) else f' ({_reach(verdicts)})'}"
        for configuration, verdicts in there
        if not any(cells.reached(verdicts) < cells.reached(other) for _, other in there)
    ]
    return " or ".join(dict.fromkeys(best)) or "–"


def _is_whole(verdicts):
    return cells.reached(verdicts) == cells.asked(verdicts)


def _reach(verdicts):
    reached, asked = cells.reached(verdicts), cells.asked(verdicts)
    if reached == asked:
        return "**yes**"
    if reached:
        return f"only {cells.who(reached, asked)}"
    kinds = cells.kinds(verdicts)
    return f"only {', '.join(kinds)}" if kinds else "**no**"


def _never(found):
    """What is lost in each configuration."""
    all_verdicts = [verdicts for _, verdicts in found]
    asked = set.union(*map(cells.asked, all_verdicts))
    reached = set.union(*map(cells.reached, all_verdicts))
    lost = []
    if not reached and not any(map(cells.kinds, all_verdicts)):
        lost.append("response trailers")
    elif reached and asked - reached:
        lost.append(f"response trailers for {cells.who(asked - reached, asked)}")
    for words, arrives in (
        ("request trailers", cells.has_request_trailers), ("gRPC", cells.has_grpc), ("each cut as an error", cells.has_cuts),
    ):
        if not any(arrives(verdicts) for verdicts in all_verdicts):
            lost.append(words)
    return ", ".join(lost) or "–"


def _rows(one):
    """Rows that differ only in the protocol to the origin are one."""
    rows = {}
    for setup, verdicts in sorted(one.blocks(), key=lambda block: one.proxy.programs.index(block[0].release)):
        for verdict in verdicts:
            version, words, origin, *others = _cells(one, setup, verdicts, verdict)
            rows.setdefault((version, words, *others), []).append(origin)
    for (version, words, *others), origins in rows.items():
        yield version, words, ", ".join(dict.fromkeys(origins)), *others


def _cells(one, setup, verdicts, verdict):
    tls = "TLS " if setup.configuration.to_origin.startswith("TLS ") else ""
    return (
        one.versions[setup.release.version], setup.configuration.words, tls + ", ".join(to_origin(verdicts)),
        cells.clients(verdict), cells.te(verdict), cells.trailers(verdict), cells.request_trailers(verdict), cells.cut(verdict),
        cells.grpc(verdict), _others(verdict),
    )


def _section(one):
    parts = [table(("Version", "Configuration", *TITLES, "Also"), _rows(one))]
    varies = [
        f"- `{question}` varies with {configuration.words}: {why}"
        for configuration in one.proxy.configurations for question, why in configuration.varies.items()
    ]
    parts += ["\n".join(varies)] if varies else []
    for configuration in one.proxy.configurations:
        if configuration.shown:
            link = f"[{configuration.file}](../interop/proxies/{one.proxy.folder.name}/{configuration.file})"
            versions = " and ".join(one.proxy.versions(configuration))
            words = f"{configuration.words}, with {one.proxy.name} {versions} ({link}):"
            parts += [words, code(configuration.file, one.proxy.text(configuration.file))]
    for fault in one.proxy.faults:
        words = one.proxy.configuration(fault.configuration, fault.program).words
        parts += [f"**{one.proxy.name} {fault.program}, {words}.** {fault.says}", code("sh", fault.command)]
        if fault.prints.strip():
            parts.append(code("", fault.prints))
    return "\n\n".join(parts)


def _others(verdict):
    """What else it loses or changes."""
    lost = {question: answer.finding for (question, _), answer in verdict.answers.items()
            if answer.outcome == "fail" and question not in _IN_COLUMNS}
    return ", ".join(f"`{question}`: {finding}" for question, finding in lost.items()) or "–"


def _anchor(heading):
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")

"""results.txt, and the section of docs/proxies.md that follows from it."""

import re

from markdown import anchor, code, replaced, table
from setups import HERE
from tools import ROOT, Failure

RESULTS = HERE / "results.txt"
DOCUMENT = ROOT / "docs/proxies.md"

COMMENT = "# What aioquic and libcurl get over HTTP/3 from these proxies. `interop/proxies/over_http3/run --write` writes it."

TITLES = (
    "Proxy", "Version", "Configuration", "To the origin", "`TE`", "Trailers with `TE`", "Trailers without `TE`", "Request trailers",
    "A cut transfer", "`check --http3` finds",
)

CUTS = ("reset", "close", "short")


def results(versions, found):
    """The text of results.txt: whole versions by name and version of the program, answers by file and version."""
    heads = [f"version {name} {version}: {full}" for (name, version), full in versions.items()]
    blocks = [
        "\n".join([f"{file}, {version}", *(f"    {question} → {answer}" for question, answer in there.items())])
        for (file, version), there in found.items()
    ]
    return "\n\n".join([COMMENT, "\n".join(heads), *blocks]) + "\n"


def read(text):
    """The versions and answers of a text that `results` has made."""
    versions, found = {}, {}
    for line in text.splitlines():
        if whole := re.fullmatch(r"version (.+) (\S+): (\S+)", line):
            versions[whole[1], whole[2]] = whole[3]
        elif answer := re.fullmatch(r"    (.+?) → (.+)", line):
            block[answer[1]] = answer[2]
        elif head := re.fullmatch(r"(\S+), (\S+)", line):
            block = found[head[1], head[2]] = {}
        elif line and line != COMMENT:
            raise Failure(f"not a line of {RESULTS.name}: {line}")
    return versions, found


def written(text, setups, proxies, versions, found):
    """The document with the section."""
    rows = {}
    for setup in setups:
        one = proxies[setup.proxy]
        link = f"[{one.name}](#{anchor(one.name)})"
        configuration = f"{setup.words} ([{setup.file}](../interop/proxies/over_http3/{setup.file}))"
        for version in setup.programs:
            key = link, configuration, *_cells(found[setup.file, version])
            rows.setdefault(key, []).append(versions[one.name, version])
    parts = [table(TITLES, [(link, ", ".join(there), *more) for (link, *more), there in rows.items()])]
    for setup in setups:
        if setup.shown:
            parts += [f"{setup.words}, with {proxies[setup.proxy].name}:", code(setup.file, setup.text())]
    return replaced(text, "over-http3", "\n\n".join(parts))


def _cells(there):
    te = {"stripped": "**stripped**", "added": "arrives; without `TE`: added"}.get(there["te"], there["te"])
    trailers = [_bold(there[question]) for question in ("with TE", "without TE", "request trailers")]
    return there["protocol"], te, *trailers, _cut(there), there["check"]


def _cut(there):
    """What becomes of cut transfers, by the kind of the cut."""
    kinds = {}
    for kind in CUTS:
        kinds.setdefault(there[f"cut-{kind}"], []).append(kind)
    lost = [f"**{outcome}**: {', '.join(those)}" for outcome, those in kinds.items() if outcome != "an error"]
    return "; ".join(lost) or "an error"


def _bold(answer):
    return answer if answer.startswith("yes") else f"**{answer}**"

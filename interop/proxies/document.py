"""The generated parts of docs/proxies.md, from what the folders of the proxies contain."""

import re

import answers
import words
from markdown import anchor, code, replaced, table
from rows import TITLES, rows
from tools import ROOT, Failure

DOCUMENT = ROOT / "docs/proxies.md"


def order(text):
    """The names of the proxies' folders, as their sections follow each other."""
    return re.findall(r"(?m)^## .*\n(?:(?!## ).*\n)*?<!-- (\w+) -->$", text.partition("<!-- /results -->")[2])


def check(text, one):
    """Raises a `Failure` if there is no section for a proxy."""
    if f"\n## {one.proxy.name}\n" not in text or one.proxy.folder.name not in order(text):
        raise Failure(f"docs/proxies.md has no section «## {one.proxy.name}» with the markers {one.proxy.folder.name}")


def written(text, measured):
    """The document with what these proxies were measured to do, in its order."""
    text = replaced(text, "answers", table(answers.TITLES, answers.rows(measured)))
    lines = [
        (f"[{one.proxy.name}](#{anchor(one.proxy.name)})", *row.texts())
        for one in measured for row in rows(one, answers.chosen(one), has_last=False)
    ]
    text = replaced(text, "results", table(("Proxy", *TITLES[:-1]), lines))
    for one in measured:
        text = replaced(text, one.proxy.folder.name, _section(one))
    return text


def _section(one):
    parts = [table(TITLES, [row.texts() for row in rows(one, one.blocks())])]
    parts += _varying(one.proxy.configurations)
    for configuration in one.proxy.configurations:
        if configuration.shown:
            link = f"[{configuration.file}](../interop/proxies/{one.proxy.folder.name}/{configuration.file})"
            versions = words.listed(one.proxy.versions(configuration))
            title = f"{configuration.words}, with {one.proxy.name} {versions} ({link}):"
            parts += [title, code(configuration.file, one.proxy.text(configuration.file))]
    for fault in one.proxy.faults:
        with_ = one.proxy.configuration(fault.configuration, fault.program).words
        parts += [f"{fault.says} With {one.proxy.name} {fault.program}, {with_}:", code("sh", fault.command)]
        if fault.prints.strip():
            parts.append(code("", fault.prints))
    return "\n\n".join(parts)


def _varying(configurations):
    """A list of the answers that depend on the moment, with the reasons: each once."""
    found = {}
    for configuration in configurations:
        for why in dict.fromkeys(configuration.varies.values()):
            questions = tuple(question for question, other in configuration.varies.items() if other == why)
            found.setdefault((questions, why), []).append(configuration.words)
    lines = [
        f"- {words.listed([f'`{question}`' for question in questions])} {'vary' if len(questions) > 1 else 'varies'} with"
        f" {words.listed(list(dict.fromkeys(those)))}: {why}"
        for (questions, why), those in found.items()
    ]
    return ["\n".join(lines)] if lines else []

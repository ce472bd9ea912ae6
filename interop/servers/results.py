"""results.txt: what was found about a server. The whole versions, then a block for each program and protocol, a line for each
question."""

import re

import committed
from tools import Failure

COMMENT = "# What `axum-trailers` gets from this server. `interop/servers/run --write` writes it."

VERSION = re.compile(r"version (.+): (.+)")


def read(path):
    """Whole versions by those of the programs, and by program and protocol: answers by question."""
    if not path.exists():
        raise Failure(f"{path.parent.name} has no results.txt yet; --write makes it")
    versions, found, block = {}, {}, None
    for line in path.read_text().splitlines():
        if line.startswith("#") or not line.strip():
            continue
        if whole := VERSION.fullmatch(line):
            versions[whole[1]] = whole[2]
        elif not line.startswith(" "):
            version, _, protocol = line.partition(", ")
            found[version, protocol] = block = {}
        else:
            question, _, answer = line.strip().partition(" → ")
            if block is None or not answer:
                raise Failure(f"{path}: not understood: {line}")
            block[question] = answer
    return versions, found


def written(versions, found):
    blocks = (
        "\n".join([f"{version}, {protocol}", *(f"    {question} → {answer}" for question, answer in block.items())])
        for (version, protocol), block in found.items()
    )
    return "\n\n".join([COMMENT, "\n".join(f"version {version}: {whole}" for version, whole in versions.items()), *blocks]) + "\n"


def compare(path, versions, found):
    """Raises a `Failure` if programs do not what results.txt says about these versions of them. The end of a version is only a
    note."""
    text = path.read_text() if path.exists() else ""
    noted = {version: whole for version, whole in _versions(text) if version in versions}
    for version in noted:
        if noted[version] != versions[version]:
            print(f"note: {path.parent.name} is {versions[version]} here, {noted[version]} in results.txt", flush=True)
    known = [about for paragraph in text.rstrip("\n").split("\n\n") if (about := _about(paragraph, versions))]
    if difference := committed.difference(path, "\n\n".join(known) + "\n", written(versions | noted, found)):
        raise Failure(f"it differs from what is known\n{difference}")


def _versions(text):
    return [whole.groups() for whole in map(VERSION.fullmatch, text.splitlines()) if whole]


def _about(paragraph, versions):
    """What a paragraph of results.txt says about these versions. What is not understood remains."""
    if VERSION.match(paragraph):
        return "\n".join(line for line in paragraph.splitlines() if not (whole := VERSION.fullmatch(line)) or whole[1] in versions)
    version, comma, _ = paragraph.partition("\n")[0].partition(", ")
    return paragraph if not comma or version in versions else ""

"""results.txt: what was found about a server. A block for each program and protocol, a line for each question."""

import committed
from tools import Failure

COMMENT = "# What `axum-trailers` gets from this server. `interop/servers/run --write` writes it."


def read(path):
    """By program and protocol: answers by question."""
    if not path.exists():
        raise Failure(f"{path.parent.name} has no results.txt yet; --write makes it")
    found, block = {}, None
    for line in path.read_text().splitlines():
        if line.startswith("#") or not line.strip():
            continue
        if not line.startswith(" "):
            version, _, protocol = line.partition(", ")
            found[version, protocol] = block = {}
        else:
            question, _, answer = line.strip().partition(" → ")
            if block is None or not answer:
                raise Failure(f"{path}: not understood: {line}")
            block[question] = answer
    return found


def written(found):
    blocks = (
        "\n".join([f"{version}, {protocol}", *(f"    {question} → {answer}" for question, answer in block.items())])
        for (version, protocol), block in found.items()
    )
    return f"{COMMENT}\n\n" + "\n\n".join(blocks) + "\n"


def compare(path, found):
    """Raises a `Failure` if programs do not what results.txt says about these versions of them."""
    versions = {version for version, _ in found}
    comment, *blocks = path.read_text().rstrip("\n").split("\n\n") if path.exists() else [""]
    known = "\n\n".join([comment, *(block for block in blocks if block.partition(", ")[0] in versions)]) + "\n"
    if difference := committed.difference(path, known, written(found)):
        raise Failure(f"it differs from what is known\n{difference}")

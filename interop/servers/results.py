"""results.txt: what was found about a server. A block for each program and protocol, a line for each question."""

import committed
from tools import Failure

COMMENT = "# What `axum-trailers` gets from this server. `interop/servers/run --write` writes it."


def read(path):
    """By program and protocol: answers by question."""
    return _parsed(path, text(path))


def text(path):
    if not path.exists():
        raise Failure(f"{path.parent.name} has no results.txt yet; --write makes it")
    return path.read_text()


def _parsed(path, text):
    found, block = {}, None
    for line in text.splitlines():
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


def compare(path, text, found):
    """Raises a `Failure` if a server does not what this text of its results.txt contains."""
    if difference := committed.difference(path, written(_parsed(path, text)), written(found)):
        raise Failure(f"it differs from what is known\n{difference}")

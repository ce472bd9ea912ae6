"""results.txt: what was found about a server. A block for each program and protocol, a line for each question."""

import difflib

from tools import Failure

COMMENT = "# What `axum-trailers` gets from this server. `interop/servers/run --write` writes it."


def read(path):
    """By program and protocol: answers by question."""
    found, block = {}, None
    if not path.exists():
        raise Failure(f"{path.parent.name} has no results.txt yet; --write makes it")
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
    if difference := differences(written(read(path)), written(found), "results.txt", "found"):
        raise Failure(f"it differs from what is known\n{difference}")


def differences(was, now, *names):
    return "\n".join(difflib.unified_diff(was.splitlines(), now.splitlines(), *names, lineterm=""))

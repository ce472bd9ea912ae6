"""docs/clients.md: tables and code are generated, prose is written by hand."""

import re
from dataclasses import astuple, fields, replace

from markdown import code, replaced, table
from questions import Row
from tools import Failure

TITLES = (
    "Client", "Version", "Protocol", "Response trailers", "Sends `TE`", "Request trailers", "A cut is an error",
    "Verifies the digest",
)


def write(text, rows, names, clients):
    """The document with the results filled in."""
    text = replaced(text, "results", table(TITLES, [astuple(row) for row in rows]))
    cells = [(name, _listed(words)) for name, words in names.items()]
    text = replaced(text, "names", table(("Client", "Names that contain `trail`"), cells))
    for client in clients:
        block = code(client.code, client.source())
        pattern = rf"(?ms)(^### {re.escape(client.name)}\n(?:(?!^#).)*?)^```.*?^```$"
        text, count = re.subn(pattern, lambda found: found[1] + block, text)
        if count != 1:
            raise Failure(f"docs/clients.md has no code below a heading «### {client.name}»")
    return text


def with_versions_of(text, rows):
    """The rows with the versions in the document, and notes about versions that differ."""
    versions = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if len(cells) == len(fields(Row)):
            versions[cells[0], cells[2]] = cells[1]
    kept = [replace(row, version=versions.get((row.client, row.protocol), row.version)) for row in rows]
    changed = [
        f"{row.client} is {row.version} here, {old.version} in docs/clients.md"
        for row, old in zip(rows, kept, strict=True)
        if row.version != old.version
    ]
    return kept, sorted(set(changed))


def _listed(words):
    if words is None:
        return "not inspectable"
    return ", ".join(f"`{word}`" for word in words) or "nothing"

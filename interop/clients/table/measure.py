"""Measures all clients and compares the results with docs/clients.md: `measure.py BINARY [--write]`."""

import tempfile
from pathlib import Path

from calls import Calls
from clients import Caller, clients
from committed import difference
from document import with_versions_of, write
from questions import Interview, Server
from recorder import record
from tools import ROOT, Failure, run_main
from workbench import serve

DOCUMENT = ROOT / "docs/clients.md"
CERTIFICATE = ROOT / "self_signed_certs/cert.pem"
KEY = ROOT / "self_signed_certs/key.pem"


def measure(asked, server):
    """The rows of the table, and the names in each client's interface."""
    rows, names = [], {}
    for client in asked:
        for protocol in client.protocols:
            try:
                with client.speaking(protocol, server.origin) as speaking:
                    interview = _interview(client, speaking, server)
                    row = interview.row()
            except Failure as failure:
                raise Failure(f"{client.name} over {protocol}: {failure}") from failure
            rows.append(row)
            names[client.name] = interview.names
            print(
                f"{row.client} {row.version}, {row.protocol}: response trailers: {row.trailers}; TE: {row.te};"
                f" request trailers: {row.request_trailers}; cut: {row.cut}, {interview.came}; digest: {row.digest}",
                flush=True,
            )
    return rows, names


def _interview(client, speaking, server):
    if isinstance(client, Caller):
        return Calls(speaking, server, record)
    return Interview(speaking, server)


def differences(was, rows, names, asked):
    """The differences between this run and the document, except versions."""
    kept, changed = with_versions_of(was, rows)
    for line in changed:
        print(f"note: {line}")
    return difference(DOCUMENT, was, write(was, kept, names, asked))


def main(binary, *options):
    with tempfile.TemporaryDirectory() as folder:
        binary = Path(binary).resolve()
        asked = clients(Path(folder), CERTIFICATE, binary)
        with serve(binary) as running:
            rows, names = measure(asked, Server(running.url, CERTIFICATE, KEY))
    was = DOCUMENT.read_text()
    if "--write" in options:
        DOCUMENT.write_text(write(was, rows, names, asked))
        print("ok: docs/clients.md is updated")
        return
    if differing := differences(was, rows, names, asked):
        raise Failure(f"the results differ from docs/clients.md; --write updates it\n{differing}")
    print(f"ok: docs/clients.md matches {len(asked)} clients")


if __name__ == "__main__":
    run_main(main)

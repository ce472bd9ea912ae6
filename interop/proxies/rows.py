"""The rows of the tables about configurations."""

from dataclasses import dataclass, replace

import cells
from verdicts import to_origin

TITLES = (
    "Version", "Configuration", "To the origin", "Clients", "`TE`", "Response trailers", "Request trailers", "A cut transfer",
    "gRPC",
)


@dataclass(frozen=True)
class Row:
    """Several rows that differ only in the first three are one."""

    transports: tuple
    origins: tuple
    versions: tuple
    configuration: str
    protocols: str
    # The cells of the columns behind these.
    cells: tuple

    def texts(self):
        over = {("TLS",): " over TLS", ("plain",): " without TLS"}.get(self.transports, "")
        return ", ".join(self.versions), self.configuration, ", ".join(self.origins), self.protocols + over, *self.cells


def rows(one, others=None):
    """Of a proxy: those of a version follow each other. `others` adds a last cell, from a verdict."""
    there = []
    for setup, verdicts in sorted(one.blocks(), key=lambda block: one.proxy.programs.index(block[0].release)):
        tls = "TLS " if setup.configuration.to_origin.startswith("TLS ") else ""
        for verdict in verdicts:
            transports = tuple(dict.fromkeys("TLS" if client == "TLS" else "plain" for client in verdict.clients))
            there.append(Row(
                transports, (tls + ", ".join(to_origin([verdict])),), (one.versions[setup.release.version],),
                setup.configuration.words, cells.protocols(verdict),
                (cells.te(verdict), cells.trailers(verdict), cells.request_trailers(verdict), cells.cut(verdict),
                 cells.grpc(verdict), *([others(verdict)] if others else [])),
            ))
    for field in ("transports", "origins", "versions"):
        there = _merged(there, field)
    return there


def _merged(rows, field):
    """Rows that differ only in this field are one."""
    values = {}
    for row in rows:
        values.setdefault(replace(row, **{field: ()}), []).extend(getattr(row, field))
    return [replace(row, **{field: tuple(dict.fromkeys(all_values))}) for row, all_values in values.items()]

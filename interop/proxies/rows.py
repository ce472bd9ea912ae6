"""The rows of the tables about configurations."""

from dataclasses import dataclass, replace

import cells
from verdicts import to_origin

TITLES = (
    "Version", "Configuration", "To the origin", "Clients", "`TE`", "Response trailers", "Request trailers", "A cut transfer",
    "gRPC", "Also",
)

_OVER = {("TLS",): "over TLS", ("plain",): "without TLS"}


@dataclass(frozen=True)
class Row:
    """Rows that differ only in the first two are one."""

    origins: tuple
    versions: tuple
    configuration: str
    clients: str
    # The cells of the other columns.
    cells: tuple

    def texts(self):
        return ", ".join(self.versions), self.configuration, ", ".join(self.origins), self.clients, *self.cells

    def differences(self, other):
        """In how many cells it differs from another configuration with the same version."""
        pairs = zip([self.origins, self.clients, *self.cells], [other.origins, other.clients, *other.cells], strict=True)
        return sum(one != another for one, another in pairs)


def rows(one, blocks, has_last=True):
    """Of these setups of a proxy, with or without the last column. Those of a version follow each other."""
    ordered = sorted(blocks, key=lambda block: one.proxy.programs.index(block[0].release))
    there = [(setup, row) for setup, verdicts in ordered for row in _of_setup(one, setup, verdicts)]
    known = [row for setup, row in there if setup.configuration.kind != "other"]
    shown = [row for setup, row in there if not _is_a_trap(setup, row, known)]
    if not has_last:
        shown = [replace(row, cells=row.cells[:-1]) for row in shown]
    return _merged(_merged(shown, "origins"), "versions")


def _of_setup(one, setup, verdicts):
    """Clients with and without TLS that get the same in all columns but the last one have one row."""
    found = {}
    for verdict in verdicts:
        columns = (cells.te(verdict), cells.trailers(verdict), cells.request_trailers(verdict), cells.cut(verdict),
                   cells.grpc(verdict))
        found.setdefault((cells.protocols(verdict), columns), []).append(verdict)
    tls = "TLS " if setup.configuration.to_origin.startswith("TLS ") else ""
    for (protocols, columns), those in found.items():
        transports = [_OVER.get(_transports(verdict)) for verdict in those]
        clients = protocols if len(those) > 1 or transports[0] is None else f"{protocols} {transports[0]}"
        also = [cells.others(verdict) for verdict in those]
        if len(set(also)) == 1:
            last = also[0]
        else:
            last = "; ".join(f"{over}: {text}" for over, text in zip(transports, also, strict=True) if text)
        origins, versions = (tls + ", ".join(to_origin(those)),), (one.versions[setup.release.version],)
        yield Row(origins, versions, setup.configuration.words, clients, (*columns, last or "–"))


def _transports(verdict):
    return tuple(dict.fromkeys("TLS" if client == "TLS" else "plain" for client in verdict.clients))


def _is_a_trap(setup, row, known):
    """Whether only a fault is about it: all but one cell is as another configuration has it."""
    return setup.configuration.kind == "other" and bool(setup.faults()) and any(
        row.versions == other.versions and row.differences(other) <= 1 for other in known
    )


def _merged(rows, field):
    """Rows that differ only in this field are one."""
    values = {}
    for row in rows:
        values.setdefault(replace(row, **{field: ()}), []).extend(getattr(row, field))
    return [replace(row, **{field: tuple(dict.fromkeys(all_values))}) for row, all_values in values.items()]

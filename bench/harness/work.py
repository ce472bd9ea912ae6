"""Kinds of measurements."""

from collections.abc import Callable
from dataclasses import dataclass

from clients import Client
from running import Running
from servers import H2, Server
from setting import Setting

Measure = Callable[[Running, Setting], dict[str, float]]
MeasureClient = Callable[[Running, Setting, Client], dict[str, float]]


@dataclass(frozen=True)
class Metric:
    """A figure that each round measures."""

    name: str
    # Includes the unit.
    title: str
    less_is_better: bool = False
    # Whether the ratio to ours is meaningful.
    compared: bool = True


@dataclass(frozen=True)
class Work:
    """What each round measures of each server, with a new process."""

    name: str
    what: str
    metrics: tuple[Metric, ...]
    measure: Measure
    protocol: str = H2
    # It needs bodies that are produced while they are sent.
    made: bool = False
    # It also needs a response without the trailer.
    without_trailer: bool = False
    # Its client reads the trailers, and fails without them.
    reads_trailers: bool = False
    ours_alone: bool = False
    # Only compiled servers with a single process can do it.
    is_compiled: bool = False
    # The limit on the number of rounds.
    most_rounds: int | None = None

    @property
    def has_spread(self) -> bool:
        """Whether there is more than one round."""
        return self.most_rounds != 1

    def rounds(self, wanted: int) -> int:
        return min(wanted, self.most_rounds or wanted)

    def can_be_done_by(self, server: Server, trailers: dict[str, bool]) -> bool:
        """Whether a server has all that it needs. `trailers`: by protocol, whether they arrive."""
        return (
            self.protocol in server.protocols
            and (server.produces or not self.made)
            and (server.has_plain or not self.without_trailer)
            and (trailers[self.protocol] or not self.reads_trailers)
            and (server.ours or not self.ours_alone)
            and (server.is_compiled or not self.is_compiled)
        )


@dataclass(frozen=True)
class ClientWork:
    """What each round measures of each client, with a new process of this project's server."""

    name: str
    what: str
    metrics: tuple[Metric, ...]
    clients: tuple[Client, ...]
    measure: MeasureClient
    has_spread: bool = True

"""A kind of work that servers are measured at."""

from collections.abc import Callable
from dataclasses import dataclass

from running import Running
from servers import H2, Server
from setting import Setting

Measure = Callable[[Running, Setting], dict[str, float]]


@dataclass(frozen=True)
class Metric:
    """A figure of a round."""

    name: str
    # With its unit.
    title: str
    less_is_better: bool = False
    # Whether the ratio to ours says anything.
    compared: bool = True


@dataclass(frozen=True)
class Work:
    """What is done in each round, with a new process of the server."""

    name: str
    what: str
    metrics: tuple[Metric, ...]
    measure: Measure
    protocol: str = H2
    # It needs bodies that are made while they are sent.
    made: bool = False
    # It needs a response without the trailer as well.
    without_trailer: bool = False
    # It is measured by a client that reads the trailers, and fails without them.
    reads_trailers: bool = False
    ours_alone: bool = False
    # It can be done by compiled servers of one process alone.
    is_compiled: bool = False
    # However many there are of others.
    most_rounds: int | None = None

    @property
    def has_spread(self) -> bool:
        """Whether more than one round can tell how far its figures are apart."""
        return self.most_rounds != 1

    def rounds(self, wanted: int) -> int:
        return min(wanted, self.most_rounds or wanted)

    def can_be_done_by(self, server: Server, trailers: dict[str, bool]) -> bool:
        """Whether a server has all that it needs. `trailers` tells for each protocol whether they come."""
        return (
            self.protocol in server.protocols
            and (server.produces or not self.made)
            and (server.has_plain or not self.without_trailer)
            and (trailers[self.protocol] or not self.reads_trailers)
            and (server.ours or not self.ours_alone)
            and (server.is_compiled or not self.is_compiled)
        )

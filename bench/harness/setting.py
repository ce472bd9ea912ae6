"""What all measurements share."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from checks import SMALL
from h2load import Load
from running import Running
from servers import H1, H2

# The load of small streams on each connection, as the tables describe it.
SMALL_STREAMS = {H2: "HTTP/2 with 32 streams each", H1: "HTTP/1.1 with `TE: trailers`"}

# In seconds.
SHORTEST_WARM_UP = 0.5


@dataclass(frozen=True)
class Setting:
    """The duration of a timed run, and the paths it needs."""

    seconds: float
    # The program `client` of bench/peers.
    client: Path
    # Folders in memory: the files of static file servers, and h2load's log.
    files: Path
    logs: Path
    # The program `axum-trailers`.
    binary: Path
    # The size of the file that clients download, in MiB.
    download: int

    @property
    def warm_up(self) -> float:
        return max(self.seconds / 3, SHORTEST_WARM_UP)

    @property
    def log(self) -> Path:
        return self.logs / "h2load"

    def make_small(self) -> None:
        for name in ("small", "plain"):
            (self.files / name).write_bytes(SMALL)
        (self.files / "big").mkdir()

    def big(self, size: int) -> str:
        """The path of this many bytes. Static file servers get a sparse file, which uses no memory."""
        with (self.files / "big" / str(size)).open("wb") as file:
            file.truncate(size)
        return f"/big/{size}"

    @contextmanager
    def received(self) -> Iterator[Path]:
        """An empty folder in memory, for what a client receives."""
        with tempfile.TemporaryDirectory(dir=self.logs) as folder:
            yield Path(folder)

    def small_load(
        self, running: Running, connections: int, seconds: float, http1: bool = False, path: str = "/small"
    ) -> Load:
        """The load of small streams: 32 at once on each connection, or one over HTTP/1.1."""
        return Load(
            running.url(path), connections, self.log, group=running.server.group, streams=1 if http1 else 32,
            http1=http1, seconds=seconds, warm_up=self.warm_up,
        )

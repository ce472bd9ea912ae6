"""h2load, the load generator: how it is started and what it reports."""

import os
import re
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass, replace
from pathlib import Path

from figures import percentile
from servers import P256, X25519
from tools import Failure, Word, finished, run, started

CIPHER = "TLS_AES_128_GCM_SHA256"
# As h2load prints them.
GROUPS = {X25519: "X25519 253 bits", P256: "ECDH prime256v1 256 bits"}

# In seconds, beyond the expected time of a run.
PATIENCE = 60


@dataclass(frozen=True)
class Load:
    """A run of h2load: for some seconds after a warm-up, or with a number of requests on each connection."""

    url: str
    connections: int
    log: Path
    _: KW_ONLY
    group: str = X25519
    streams: int = 1
    http1: bool = False
    requests_each: int = 1
    # In seconds. If None, `requests_each` sets the end.
    seconds: float | None = None
    warm_up: float = 0

    def command(self) -> list[Word]:
        # Two threads were no faster than one on two cores shared with the server.
        command: list[Word] = [
            "h2load", "-t", "1", "-c", str(self.connections), "-m", str(self.streams),
            f"--tls13-ciphers={CIPHER}", f"--groups={self.group}", f"--log-file={self.log}",
        ]
        if self.http1:
            command += ["--h1", "-H", "TE: trailers"]
        else:
            # Windows of 16 MiB for streams and connections.
            command += ["-w", "24", "-W", "24"]
        if self.seconds is None:
            command += ["-n", str(self.connections * self.requests_each)]
        else:
            command += ["-D", _duration(self.seconds), "--warm-up-time", _duration(self.warm_up)]
        return [*command, self.url]


@dataclass(frozen=True)
class Report:
    """The results of a run."""

    requests_per_second: float
    done: int
    data_bytes: int
    # Over all counted requests, from the log.
    p99_microseconds: float = 0
    # From the first request's start to the last one's end, from the log.
    seconds: float = 0


def load(what: Load) -> Report:
    """Runs h2load to its end."""
    what.log.unlink(missing_ok=True)
    return report(what, run(what.command(), _bound(what)))


class Background:
    """h2load in the background."""

    def __init__(self, what: Load) -> None:
        self.what = what
        what.log.unlink(missing_ok=True)

    def __enter__(self) -> "Background":
        self._started = started(self.what.command())
        self._process = self._started.__enter__()
        return self

    def __exit__(self, *how: object) -> None:
        self._started.__exit__(*how)

    def runs_on(self, core: int) -> bool:
        """Pins it to this core and returns whether it still runs."""
        with suppress(FileNotFoundError, ProcessLookupError):
            for thread in Path(f"/proc/{self._process.pid}/task").iterdir():
                os.sched_setaffinity(int(thread.name), {core})
        return self._process.poll() is None

    def wait_for_warm_up(self) -> None:
        time.sleep(self.what.warm_up)

    def rest(self) -> Report:
        """Waits for its end."""
        return report(self.what, finished(self._process, self.what.command(), _bound(self.what)))

    def report(self) -> Report:
        """Waits for its end. If it has already ended, that is a failure: the server was not under load."""
        if self._process.poll() is not None:
            out = finished(self._process, self.what.command(), _bound(self.what))
            raise Failure(f"h2load ended too early: {out}")
        return self.rest()


def report(what: Load, out: str) -> Report:
    """Checks what h2load printed and logged, and returns the results of both."""
    found = parse(out, "http/1.1" if what.http1 else "h2", what.group)
    starts, times = parse_log(what.log.read_text().splitlines())
    if len(times) != found.done:
        raise Failure(f"h2load logged {len(times)} of {found.done} requests")
    ends = (start + time for start, time in zip(starts, times, strict=True))
    return replace(found, p99_microseconds=percentile(times, 99), seconds=(max(ends) - min(starts)) / 1e6)


def parse(out: str, protocol: str, group: str) -> Report:
    """Parses h2load's output. Failed requests and unexpected TLS settings are failures."""
    settings = {
        "TLS Protocol": "TLSv1.3", "Cipher": CIPHER, "Server Temp Key": GROUPS[group],
        "Application protocol": protocol,
    }
    for name, wanted in settings.items():
        if (value := _found(rf"^{name}: (.+)", out)[0]) != wanted:
            raise Failure(f"{name} is {value}, not {wanted}")
    counts = _found(
        r"^requests: (\d+) total, \d+ started, (\d+) done, (\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout",
        out,
    )
    total, done, succeeded, *unsuccessful = map(int, counts)
    others = _found(r"^status codes: \d+ 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx", out)
    if not done or done != total or done != succeeded or any(unsuccessful) or any(map(int, others)):
        raise Failure(" / ".join(line for line in out.splitlines() if line.startswith(("requests:", "status"))))
    return Report(
        requests_per_second=float(_found(r"^finished in .*, ([\d.]+) req/s", out)[0]),
        done=done,
        data_bytes=int(_found(r"^traffic: .*\((\d+)\) data$", out)[0]),
    )


def parse_log(lines: Iterable[str]) -> tuple[list[int], list[int]]:
    """When each request began and how long it took, in microseconds."""
    starts, times = [], []
    for line in lines:
        start, status, time = map(int, line.split("\t"))
        # The status is 0 if the response's head arrived before the end of the warm-up.
        if status != 0 and not 200 <= status < 300:
            raise Failure(f"a request ended with {status}")
        starts.append(start)
        times.append(time)
    return starts, times


def _found(pattern: str, out: str) -> tuple[str, ...]:
    found = re.search(pattern, out, re.MULTILINE)
    if not found:
        raise Failure(f"h2load printed no match of {pattern}: {out.strip()}")
    return found.groups()


def _duration(seconds: float) -> str:
    return f"{round(seconds * 1000)}ms"


def _bound(what: Load) -> float:
    return (what.seconds or 0) + what.warm_up + PATIENCE

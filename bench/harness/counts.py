"""Works that count what a request needs, with callgrind: instructions, allocations and clock readings.

The counts depend little on the machine and its load, so one round is enough and small changes show.
"""

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from checks import check_plain
from h2load import Load, load
from running import Running, serve
from servers import H1, H2, Server
from setting import SMALL_STREAMS, Setting
from tools import Failure
from work import Measure, Metric, Work

CONNECTIONS = 4
# Requests per connection. The difference of the two excludes the server's start and end.
FEW, MANY = 250, 1250

ALLOCATORS = {"malloc", "calloc", "realloc", "posix_memalign"}
# `Instant::now` and `SystemTime::now` call it. Valgrind hides the kernel's own version of it from programs.
CLOCK = "clock_gettime"

INSTRUCTIONS = Metric("instructions", "instructions", less_is_better=True)
ALLOCATIONS = Metric("allocations", "allocations", less_is_better=True)
CLOCK_READINGS = Metric("clock_readings", "clock readings", less_is_better=True)


class Counts(NamedTuple):
    """Counts from callgrind."""

    instructions: int
    allocations: int
    clock_readings: int


def counted(lines: Iterable[str]) -> Counts:
    """The counts of a whole profile."""
    names: dict[str, str] = {}
    instructions = allocations = clock_readings = 0
    called = None
    for line in lines:
        if function := re.match(r"(c?)fn=\((\d+)\)(?: (.*))?$", line):
            of_call, number, name = function.groups()
            if name:
                # Names of C library functions may contain a version.
                names[number] = name.partition("@")[0]
            if of_call:
                called = names[number]
        elif line.startswith("calls="):
            calls = int(line.removeprefix("calls=").split()[0])
            if called in ALLOCATORS:
                allocations += calls
            elif called == CLOCK:
                clock_readings += calls
        elif line.startswith("totals:"):
            instructions = int(line.split()[1])
    # Every server makes some of each as it starts.
    counts = Counts(instructions, allocations, clock_readings)
    if missing := [name for name, count in counts._asdict().items() if not count]:
        raise Failure(f"callgrind has counted no {' and no '.join(missing)}")
    return counts


def under_callgrind(server: Server, setting: Setting, requests: Callable[[Running], object]) -> Counts:
    """The counts of a server's process from its start to its end, with some requests between."""
    profile = setting.logs / "callgrind"
    profile.unlink(missing_ok=True)
    under = ["valgrind", "--quiet", "--tool=callgrind", f"--callgrind-out-file={profile}"]
    with serve(server, setting.files, under) as running:
        requests(running)
    with profile.open() as lines:
        return counted(lines)


def _count(server: Server, setting: Setting, http1: bool, path: str, requests_each: int) -> Counts:
    return under_callgrind(server, setting, lambda running: load(Load(
        running.url(path), CONNECTIONS, setting.log, group=server.group, streams=1 if http1 else 32, http1=http1,
        requests_each=requests_each,
    )))


def each(more: Counts, less: Counts, requests: int) -> dict[str, float]:
    """The difference of two runs, per request."""
    return {
        name: (its - others) / requests for name, its, others in zip(Counts._fields, more, less, strict=True)
    }


def _counts(http1: bool) -> Measure:
    def measure(running: Running, setting: Setting) -> dict[str, float]:
        few, many = (_count(running.server, setting, http1, "/small", each) for each in (FEW, MANY))
        return each(many, few, (MANY - FEW) * CONNECTIONS)

    return measure


def _of_trailer(http1: bool) -> Measure:
    def measure(running: Running, setting: Setting) -> dict[str, float]:
        protocol = H1 if http1 else H2
        check_plain(running, protocol)
        small, plain = (_count(running.server, setting, http1, path, MANY) for path in ("/small", "/plain"))
        return each(small, plain, MANY * CONNECTIONS)

    return measure


def _works(protocol: str) -> list[Work]:
    connections = f"{CONNECTIONS} connections of {SMALL_STREAMS[protocol]}"
    return [
        Work(
            f"counts-{protocol}", f"The server's cost of one small stream, {connections}",
            (INSTRUCTIONS, ALLOCATIONS, CLOCK_READINGS), _counts(protocol == H1), protocol, is_compiled=True,
            most_rounds=1,
        ),
        Work(
            f"counts-trailer-{protocol}", f"The server's cost of a trailer: `/small` minus `/plain`, {connections}",
            (INSTRUCTIONS, ALLOCATIONS), _of_trailer(protocol == H1), protocol, reads_trailers=True, is_compiled=True,
            without_trailer=True, most_rounds=1,
        ),
    ]


COUNTS = [work for protocol in (H2, H1) for work in _works(protocol)]

"""The works that count what a request takes: instructions and allocations, by callgrind.

They depend on neither the machine nor what else it does, so one round is enough, and a small change shows.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from h2load import Load, load
from running import Running, serve
from servers import H1, H2, Server
from setting import Setting
from tools import Failure
from work import Metric, Work

CONNECTIONS = 4
# On each connection. What is counted is the difference, without start and end of the server.
FEW, MANY = 250, 1250

ALLOCATORS = {"malloc", "calloc", "realloc", "posix_memalign"}

INSTRUCTIONS = Metric("instructions", "instructions", less_is_better=True)
ALLOCATIONS = Metric("allocations", "allocations", less_is_better=True)


def counted(lines: Iterable[str]) -> tuple[int, int]:
    """The instructions of a whole profile, and the calls of the allocator."""
    names: dict[str, str] = {}
    instructions = allocations = 0
    called = None
    for line in lines:
        if function := re.match(r"(c?)fn=\((\d+)\)(?: (.*))?$", line):
            of_call, number, name = function.groups()
            if name:
                names[number] = name
            if of_call:
                called = names[number]
        elif line.startswith("calls=") and called in ALLOCATORS:
            allocations += int(line.removeprefix("calls=").split()[0])
        elif line.startswith("totals:"):
            instructions = int(line.split()[1])
    if not instructions:
        raise Failure("callgrind has counted nothing")
    return instructions, allocations


def _count(server: Server, setting: Setting, http1: bool, requests_each: int) -> tuple[int, int]:
    profile = setting.logs / "callgrind"
    profile.unlink(missing_ok=True)
    under = ["valgrind", "--quiet", "--tool=callgrind", f"--callgrind-out-file={profile}"]
    with serve(server, setting.files, under) as running:
        load(Load(
            running.url("/small"), CONNECTIONS, setting.log, group=server.group, streams=1 if http1 else 32,
            http1=http1, requests_each=requests_each,
        ))
    with profile.open() as lines:
        return counted(lines)


def _counts(http1: bool):
    def measure(running: Running, setting: Setting) -> dict[str, float]:
        few, many = (_count(running.server, setting, http1, each) for each in (FEW, MANY))
        requests = (MANY - FEW) * CONNECTIONS
        each = [(much - little) / requests for much, little in zip(many, few, strict=True)]
        return dict(zip((INSTRUCTIONS.name, ALLOCATIONS.name), each, strict=True))

    return measure


COUNTS = [
    Work(
        f"counts-{protocol}", f"What one small stream takes of the server, {CONNECTIONS} connections of {what}",
        (INSTRUCTIONS, ALLOCATIONS), _counts(protocol == H1), protocol, is_compiled=True, most_rounds=1,
    )
    for protocol, what in ((H2, "HTTP/2 with 32 streams each"), (H1, "HTTP/1.1 with `TE: trailers`"))
]

"""What else runs on the machine before anything is measured."""

import os
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tools import Failure

# In seconds. Long enough to see what works now and then.
LOOK = 3
# Of all cores.
BOUND = 0.05
# How many processes a warning names.
NAMED = 5

# In the first line of /proc/stat. The fields behind those are parts of others.
FIELDS, IDLE, WAITING_FOR_DISKS = 8, 3, 4

# By id: the name and the ticks. The kernel's workers change their names.
Processes = Mapping[int, tuple[str, int]]


@dataclass(frozen=True)
class Busy:
    """How busy the cores were."""

    cores: int
    # How many of them were busy.
    busy: float
    # The processes that took most of it, by name and id, and how many cores each took.
    processes: list[tuple[str, int, float]]

    @property
    def is_too_busy(self) -> bool:
        return self.busy > BOUND * self.cores

    def __str__(self) -> str:
        too_busy = ", **too busy for good figures**" if self.is_too_busy else ""
        return f"{self.busy:.2f} of {self.cores} cores busy{too_busy}"

    def check(self, is_for_document: bool) -> None:
        """A busy machine is good enough for a quick look, with a warning, and not for figures that others read."""
        if self.is_too_busy:
            if is_for_document:
                raise Failure(f"--update needs a quiet machine: {self.warning()}")
            print(f"WARNING: {self.warning()}", file=sys.stderr, flush=True)

    def warning(self) -> str:
        """What is wrong, and what to do."""
        named = ", ".join(f"{name} ({process}) {cores:.2f}" for name, process, cores in self.processes if cores >= 0.01)
        return (
            f"other programs use {self.busy:.2f} of {self.cores} cores, and good figures need a machine where they use "
            f"less than {BOUND * self.cores:.2f}. Among them: {named or 'no process that still runs'}. "
            "Stop them or wait for their end, then start again."
        )


def look(seconds: float = LOOK) -> Busy:
    """Looks at the cores for some time, in which this program does nothing."""
    stat, processes = _stat(), _processes()
    time.sleep(seconds)
    busy, total = ticks(stat, _stat())
    cores = os.cpu_count() or 1
    taken = most(processes, _processes())
    return Busy(cores, busy / total * cores, [(name, number, its / total * cores) for name, number, its in taken])


def ticks(before: str, after: str) -> tuple[int, int]:
    """How many ticks of all cores were busy between two reads of /proc/stat, and how many there were."""
    fields = [
        [int(field) for field in stat.partition("\n")[0].split()[1 : 1 + FIELDS]] for stat in (before, after)
    ]
    passed = [later - earlier for earlier, later in zip(*fields, strict=True)]
    total = sum(passed)
    return total - passed[IDLE] - passed[WAITING_FOR_DISKS], max(total, 1)


def of_process(stat: str) -> tuple[str, int]:
    """The name and the ticks in a /proc/PID/stat. The name may have spaces and brackets."""
    head, _, rest = stat.rpartition(")")
    user, system = rest.split()[11:13]
    return head.partition("(")[2], int(user) + int(system)


def most(before: Processes, after: Processes) -> list[tuple[str, int, int]]:
    """The name, the id and the ticks of those that took the most between two looks. What is new took all of its own."""
    taken = ((name, number, its - before.get(number, ("", 0))[1]) for number, (name, its) in after.items())
    return sorted((one for one in taken if one[2] > 0), key=lambda one: one[2], reverse=True)[:NAMED]


def _stat() -> str:
    return Path("/proc/stat").read_text()


def _processes() -> dict[int, tuple[str, int]]:
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        # It may have ended meanwhile.
        with suppress(FileNotFoundError, ProcessLookupError):
            found[int(stat.parent.name)] = of_process(stat.read_text())
    return found

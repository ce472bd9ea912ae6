"""Checks how busy the machine is before anything is measured."""

import os
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tools import Failure

# In seconds. Long enough to include programs that work only now and then.
LOOK = 3
# The part of all cores that other programs may use.
BOUND = 0.05
# How many processes a warning names.
NAMED = 5

# In the first line of /proc/stat. The later fields are included in these.
FIELDS, IDLE, WAITING_FOR_DISKS = 8, 3, 4

# By process id: name and ticks. The kernel's workers change their names.
Processes = Mapping[int, tuple[str, int]]


@dataclass(frozen=True)
class Busy:
    """How busy the cores were."""

    cores: int
    # How many of them were busy.
    busy: float
    # The processes that used the most: name, id and cores.
    processes: list[tuple[str, int, float]]

    @property
    def is_too_busy(self) -> bool:
        return self.busy > BOUND * self.cores

    def __str__(self) -> str:
        too_busy = ", **too busy for good figures**" if self.is_too_busy else ""
        return f"{self.busy:.2f} of {self.cores} cores busy{too_busy}"

    def check(self, is_for_document: bool) -> None:
        """A busy machine is good enough for a quick look, with a warning, but not for published figures."""
        if self.is_too_busy:
            if is_for_document:
                raise Failure(f"--update needs a quiet machine: {self.warning()}")
            print(f"WARNING: {self.warning()}", file=sys.stderr, flush=True)

    def warning(self) -> str:
        """The reason, and what to do."""
        named = ", ".join(f"{name} ({process}) {cores:.2f}" for name, process, cores in self.processes if cores >= 0.01)
        return (
            f"other programs use {self.busy:.2f} of {self.cores} cores; good figures need less than "
            f"{BOUND * self.cores:.2f}. The busiest: {named or 'no running process'}. "
            "Stop them or wait until they end, then start again."
        )


def look(seconds: float = LOOK) -> Busy:
    """Measures how busy the cores are while this program sleeps."""
    stat, processes = _stat(), _processes()
    time.sleep(seconds)
    busy, total = ticks(stat, _stat())
    cores = os.cpu_count() or 1
    taken = most(processes, _processes())
    return Busy(cores, busy / total * cores, [(name, number, its / total * cores) for name, number, its in taken])


def ticks(before: str, after: str) -> tuple[int, int]:
    """The busy ticks and all ticks of all cores between two reads of /proc/stat."""
    fields = [
        [int(field) for field in stat.partition("\n")[0].split()[1 : 1 + FIELDS]] for stat in (before, after)
    ]
    passed = [later - earlier for earlier, later in zip(*fields, strict=True)]
    total = sum(passed)
    return total - passed[IDLE] - passed[WAITING_FOR_DISKS], max(total, 1)


def of_process(stat: str) -> tuple[str, int]:
    """The name and ticks in a /proc/PID/stat. The name may contain spaces and parentheses."""
    head, _, rest = stat.rpartition(")")
    user, system = rest.split()[11:13]
    return head.partition("(")[2], int(user) + int(system)


def most(before: Processes, after: Processes) -> list[tuple[str, int, int]]:
    """The name, id and ticks of the processes that used the most between two reads. New processes count from zero."""
    taken = ((name, number, its - before.get(number, ("", 0))[1]) for number, (name, its) in after.items())
    return sorted((one for one in taken if one[2] > 0), key=lambda one: one[2], reverse=True)[:NAMED]


def _stat() -> str:
    return Path("/proc/stat").read_text()


def _processes() -> dict[int, tuple[str, int]]:
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        # The process may have ended.
        with suppress(FileNotFoundError, ProcessLookupError):
            found[int(stat.parent.name)] = of_process(stat.read_text())
    return found

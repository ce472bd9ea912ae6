"""Runs a pipeline, and measures its time and memory."""

import resource
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from running import kib
from tools import Failure, Word, end_group

# In seconds, between two looks at the memory. The peak of a program that ends in between may be a little higher.
LOOK = 0.02


@dataclass(frozen=True)
class Piped:
    """A pipeline that has succeeded."""

    # The standard output of its last command.
    out: str
    # From its start to its end.
    seconds: float
    # User and system time of all commands.
    cpu_seconds: float
    # The sum of the peaks of all commands, in KiB.
    peak: int


def piped(commands: Sequence[Sequence[Word]], folder: Path, bound: float) -> Piped:
    """Runs commands in this working folder. All of them must succeed within `bound` seconds."""
    processes: list[subprocess.Popen] = []
    with tempfile.TemporaryFile("w+") as errors:
        cpu, began = _cpu_seconds(), time.monotonic()
        try:
            for command in commands:
                processes.append(_started(command, processes, folder, errors))
            out, peak = _finished(processes, began + bound)
            seconds = time.monotonic() - began
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Failure(f"{_shown(commands)}: {error}") from error
        finally:
            for process in processes:
                end_group(process)
                process.stdout.close()
        if any(process.returncode for process in processes):
            errors.seek(0)
            codes = ", ".join(str(process.returncode) for process in processes)
            raise Failure(f"exit code {codes} from {_shown(commands)}: {errors.read().strip()}")
    return Piped(out, seconds, _cpu_seconds() - cpu, peak)


def _started(command: Sequence[Word], before: list[subprocess.Popen], folder: Path, errors) -> subprocess.Popen:
    source = before[-1].stdout if before else subprocess.DEVNULL
    return subprocess.Popen(
        command, cwd=folder, stdin=source, stdout=subprocess.PIPE, stderr=errors, text=True, start_new_session=True
    )


def _finished(processes: list[subprocess.Popen], until: float) -> tuple[str, int]:
    *others, last = processes
    for process in others:
        # Only the next command may hold it: otherwise this one would not notice that the next has ended.
        process.stdout.close()
    peaks = dict.fromkeys(processes, 0)
    while True:
        peaks |= {process: peak for process in processes if (peak := _peak(process))}
        try:
            out, _ = last.communicate(timeout=LOOK)
            break
        except subprocess.TimeoutExpired:
            if time.monotonic() > until:
                raise
    for process in others:
        process.wait(max(until - time.monotonic(), LOOK))
    return out, sum(peaks.values())


def _peak(process: subprocess.Popen) -> int | None:
    """Its peak until now. `ru_maxrss` would include the memory of this program, from which it was forked."""
    # It may have ended.
    with suppress(FileNotFoundError, ProcessLookupError, Failure):
        return kib(Path(f"/proc/{process.pid}/status").read_text(), "VmHWM")
    return None


def _cpu_seconds() -> float:
    """Of all programs that were started here and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _shown(commands: Sequence[Sequence[Word]]) -> str:
    return " | ".join(" ".join(map(str, command)) for command in commands)

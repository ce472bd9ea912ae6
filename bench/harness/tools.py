"""Runs programs, either to their end or in the background."""

import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent

# A program or an argument.
Word = str | Path

# In seconds, for a program that should end now.
END = 10


class Failure(Exception):
    """The reason why something can't be measured."""


def run(command: Sequence[Word], seconds: float) -> str:
    """The standard output of a command that must succeed within this time."""
    with started(command) as process:
        return finished(process, command, seconds)


@contextmanager
def started(command: Sequence[Word]) -> Iterator[subprocess.Popen[str]]:
    """Starts a command with pipes in its own process group, and ends the group at the end."""
    try:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            start_new_session=True,
        )
    except OSError as error:
        raise Failure(f"{command[0]} can't be run: {error}") from error
    try:
        yield process
    finally:
        end_group(process)
        for pipe in (process.stdin, process.stdout, process.stderr):
            # Input that it did not read no longer matters.
            with suppress(OSError):
                pipe.close()


def finished(process: subprocess.Popen[str], command: Sequence[Word], seconds: float) -> str:
    """Closes the standard input of a started command, waits for its end and returns its standard output."""
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        raise Failure(f"not ended after {seconds:g} s: {_shown(command)}") from None
    if process.returncode:
        raise Failure(f"exit code {process.returncode} from {_shown(command)}: {(err or out).strip()}")
    return out


def first_line(process: subprocess.Popen[str], command: Sequence[Word], seconds: float) -> str:
    """The first line that a command prints. The command continues to run."""
    lines: queue.Queue[str] = queue.Queue()
    reader = threading.Thread(target=lambda: lines.put(process.stdout.readline()), daemon=True)
    reader.start()
    try:
        line = lines.get(timeout=seconds)
    except queue.Empty:
        # A pipe can't be closed while it is read.
        end_group(process)
        reader.join()
        raise Failure(f"no output after {seconds:g} s: {_shown(command)}") from None
    if not line:
        finished(process, command, END)
        raise Failure(f"no output: {_shown(command)}")
    return line


def end_group(process: subprocess.Popen) -> None:
    """Ends a process and all processes that it has started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def end_well() -> None:
    """Turns SIGTERM into a normal exit, which also ends all started programs."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by SIGTERM"))


def _shown(command: Sequence[Word]) -> str:
    return " ".join(map(str, command))

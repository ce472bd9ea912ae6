"""Programs that are run to their end, and those that are kept running for a while."""

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

# A program, or its argument.
Word = str | Path

# In seconds: what is about to end.
END = 10


class Failure(Exception):
    """What keeps something from being measured."""


def run(command: Sequence[Word], seconds: float) -> str:
    """Standard output of a command that must end well within some time."""
    with started(command) as process:
        return finished(process, command, seconds)


@contextmanager
def started(command: Sequence[Word]) -> Iterator[subprocess.Popen[str]]:
    """A command with pipes, in a group of its own. The group ends at the end."""
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
            # What it did not read is no matter any more.
            with suppress(OSError):
                pipe.close()


def finished(process: subprocess.Popen[str], command: Sequence[Word], seconds: float) -> str:
    """Standard output of a command that was started. Its standard input ends now."""
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        raise Failure(f"not ended after {seconds:g} s: {_shown(command)}") from None
    if process.returncode:
        raise Failure(f"exit code {process.returncode} from {_shown(command)}: {(err or out).strip()}")
    return out


def first_line(process: subprocess.Popen[str], command: Sequence[Word], seconds: float) -> str:
    """The first line that a command prints, which goes on after it."""
    lines: queue.Queue[str] = queue.Queue()
    reader = threading.Thread(target=lambda: lines.put(process.stdout.readline()), daemon=True)
    reader.start()
    try:
        line = lines.get(timeout=seconds)
    except queue.Empty:
        # A pipe can't be closed while it is read.
        end_group(process)
        reader.join()
        raise Failure(f"nothing said after {seconds:g} s: {_shown(command)}") from None
    if not line:
        finished(process, command, END)
        raise Failure(f"nothing said: {_shown(command)}")
    return line


def end_group(process: subprocess.Popen) -> None:
    """Ends a process and all that it has started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def end_well() -> None:
    """Takes SIGTERM for an end like any other, so that what was started is ended, too."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by SIGTERM"))


def _shown(command: Sequence[Word]) -> str:
    return " ".join(map(str, command))

"""The program `client` of bench/peers, which measures what h2load can't."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from metrics import DELAYS
from running import Running
from setting import Setting
from tools import END, Failure, Word, finished, first_line, run, started

# In seconds, beyond the expected time.
PATIENCE = 60


def client(setting: Setting, what: str, running: Running, bound: float, **options: int | float | str) -> dict[str, Any]:
    """Runs the client, which takes about `bound` seconds, and returns its results."""
    return _told(run(_command(setting, what, running, options), bound + PATIENCE))


@contextmanager
def beside(setting: Setting, what: str, running: Running, bound: float, **options: int | float | str) -> Iterator[None]:
    """Runs the client beside the `with` block, during which it must not end."""
    command = _command(setting, what, running, options)
    with started(command) as process:
        yield
        if process.poll() is not None:
            raise Failure(f"the client ended too early: {finished(process, command, END)}")
        finished(process, command, bound + PATIENCE)


@contextmanager
def holding(setting: Setting, what: str, running: Running, connections: int, **options: str) -> Iterator[None]:
    """Keeps connections open inside the `with` block."""
    command = _command(setting, what, running, {"connections": connections, **options})
    with started(command) as process:
        told = _told(first_line(process, command, PATIENCE))
        if told.get("open") != connections:
            raise Failure(f"{told} instead of {connections} open connections")
        yield
        finished(process, command, END)


def pace(setting: Setting, running: Running, protocol: str) -> dict[str, float]:
    """The delays of the chunks of a slow stream."""
    chunks = round(setting.seconds * 100)
    told = client(setting, "pace", running, 2 * setting.seconds, protocol=protocol, chunks=chunks)
    if told["chunks"] != chunks:
        raise Failure(f"{told['chunks']} chunks of {chunks} arrived")
    return {metric.name: told[metric.name] for metric in DELAYS}


def _command(setting: Setting, what: str, running: Running, options: dict[str, int | float | str]) -> list[Word]:
    command: list[Word] = [*running.client_under, setting.client, what, "--addr", running.address]
    for name, value in options.items():
        command += [f"--{name.replace('_', '-')}", str(value)]
    return command


def _told(line: str) -> dict[str, Any]:
    try:
        return json.loads(line)
    except ValueError:
        raise Failure(f"not JSON: {line}") from None

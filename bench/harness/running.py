"""A running server: its address, and the CPU time and memory of all its processes."""

import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from servers import H3, Place, Server
from tools import END, ROOT, Failure, Word, end_group

CERTIFICATE = ROOT / "self_signed_certs/cert.pem"
KEY = ROOT / "self_signed_certs/key.pem"

LOOPBACK = "127.0.0.1"

# In seconds.
START = 15

# The prefix of the names of this project's connection threads.
OF_CONNECTIONS = "trailers-"

# The states of a TCP socket that listens, and of a UDP socket without a peer.
LISTENING = {"0A", "07"}

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Running:
    """A server that listens."""

    server: Server
    address: str
    group: int
    # What the client of bench/peers runs under.
    client_under: Sequence[Word] = ()

    def url(self, path: str) -> str:
        return f"https://{self.address}{path}"

    def cpu_seconds(self) -> float:
        """User and system time since its start."""
        # The fields after the name, which may contain spaces and parentheses.
        fields = (stat.rpartition(")")[2].split() for stat in self._read("stat"))
        return sum(int(user) + int(system) for *_, user, system in (field[:13] for field in fields)) / TICKS_PER_SECOND

    def memory(self) -> int:
        """Its memory in KiB. Pages that processes share count once."""
        return sum(kib(rollup, "Pss") for rollup in self._read("smaps_rollup"))

    def peak(self) -> int:
        """The peak memory of its processes, in KiB."""
        return sum(kib(status, "VmHWM") for status in self._read("status"))

    def divide(self, core: int, others: set[int]) -> None:
        """Pins its connection threads to one core, and its other threads to others."""
        held = False
        # This project's server is one process.
        for thread in Path(f"/proc/{self.group}/task").iterdir():
            # The thread may have ended.
            with suppress(FileNotFoundError, ProcessLookupError):
                is_for_connections = (thread / "comm").read_text().startswith(OF_CONNECTIONS)
                os.sched_setaffinity(int(thread.name), {core} if is_for_connections else others)
                held |= is_for_connections
        if not held:
            raise Failure(f"no thread of the server is named {OF_CONNECTIONS}…")

    def pin(self, core: int) -> None:
        """Pins all its threads to one core."""
        for process in _processes(self.group):
            for thread in (process / "task").iterdir():
                # The thread may have ended.
                with suppress(ProcessLookupError):
                    os.sched_setaffinity(int(thread.name), {core})

    def _read(self, name: str) -> list[str]:
        return [(process / name).read_text() for process in _processes(self.group)]


@contextmanager
def serve(
    server: Server, files: Path, under: Sequence[Word] = (), host: str = LOOPBACK, client_under: Sequence[Word] = ()
) -> Iterator[Running]:
    """Starts a server on a free port, directly or under another program, and maybe on an address of another namespace.

    The server must still run at the end. A program around it gets time to end cleanly.
    """
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile("w+") as log:
        address = f"{host}:{_free_port()}"
        command = [*under, *server.command(Place(address, CERTIFICATE, KEY, files, Path(folder)))]
        try:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        except OSError as error:
            raise Failure(f"{command[0]} can't be run: {error}") from error
        try:
            _wait_until_it_listens(process, address, server.protocols)
            yield Running(server, address, process.pid, client_under)
            if process.poll() is not None:
                raise Failure(f"the server ended with {process.returncode}")
            if under:
                process.send_signal(signal.SIGTERM)
                with suppress(subprocess.TimeoutExpired):
                    process.wait(END)
        except Failure as failure:
            log.seek(0)
            if said := " / ".join(log.read().splitlines()[-5:]):
                raise Failure(f"{failure} (the server's log: {said})") from failure
            raise
        finally:
            end_group(process)


def _free_port() -> int:
    with socket.create_server((LOOPBACK, 0)) as listener:
        return listener.getsockname()[1]


def _wait_until_it_listens(process: subprocess.Popen, address: str, protocols: frozenset[str]) -> None:
    port = int(address.rpartition(":")[2])
    awaited = {"udp"} if protocols == {H3} else {"tcp"} | ({"udp"} if H3 in protocols else set())
    until = time.monotonic() + START
    while time.monotonic() < until:
        if process.poll() is not None:
            raise Failure(f"the server ended with {process.returncode} at its start")
        if all(listens(Path(f"/proc/{process.pid}/net/{kind}").read_text(), port) for kind in awaited):
            return
        time.sleep(0.01)
    raise Failure(f"the server does not listen after {START} s")


def listens(table: str, port: int) -> bool:
    """Whether a socket listens on this IPv4 port, by the kernel's table of TCP or UDP sockets of a network namespace."""
    sockets = (line.split()[1:4] for line in table.splitlines()[1:])
    return any(local.endswith(f":{port:04X}") and state in LISTENING for local, _, state in sockets)


def _processes(group: int) -> list[Path]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        # A process that has just ended is not one of the group, which ends as a whole.
        with suppress(FileNotFoundError, ProcessLookupError):
            if int(stat.read_text().rpartition(")")[2].split()[2]) == group:
                found.append(stat.parent)
    if not found:
        raise Failure("the server is gone")
    return found


def kib(text: str, name: str) -> int:
    for line in text.splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    raise Failure(f"the kernel reports no {name}")

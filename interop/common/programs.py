"""Programs that listen: how to start each with its configuration, on free ports."""

import contextlib
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tools import ROOT, Failure, sigterm_waits

# In seconds. Varnish compiles its configuration.
START = 60
END = 5

# Below those that the kernel gives to clients.
PORTS = range(20000, 30000)

SOCKET = "/run/axum-trailers/http.sock"

CERTIFICATES = [ROOT / "self_signed_certs" / name for name in ("cert.pem", "key.pem")]

_taken = set()
_taking = threading.Lock()


class Addresses:
    """The ports here of those in the configurations, and the Unix socket."""

    def __init__(self, ports, unix=SOCKET):
        self._ports, self._unix = ports, unix

    def __getitem__(self, port):
        return self._ports[port]

    def with_free(self, ports):
        return Addresses(self._ports | dict(zip(ports, _free(len(ports)), strict=True)), self._unix)

    def applied(self, text):
        """The text with the ports and the socket here."""
        return _replaced(text, self._ports).replace(SOCKET, str(self._unix))

    def undone(self, text):
        """The text with the ports in the configurations."""
        return _replaced(text, {here: port for port, here in self._ports.items()})


def _replaced(text, ports):
    numbers = "|".join(map(str, ports))
    return re.sub(rf"\b({numbers})\b", lambda found: str(ports[int(found[0])]), text)


def _free(count):
    """Ports on which nobody listens, each once."""
    ports = []
    with _taking:
        while len(ports) < count:
            port = random.choice(PORTS)
            with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp, contextlib.suppress(OSError):
                tcp.bind(("127.0.0.1", port))
                udp.bind(("127.0.0.1", port))
                if port not in _taken:
                    _taken.add(port)
                    ports.append(port)
    return ports


@dataclass(frozen=True)
class Program:
    """A program with its configuration. `{folder}` in its command is its working folder, which has the files and the demo
    certificate: cert.pem, key.pem, and both in combined.pem."""

    name: str
    command: list
    # Texts by their names, with the ports in the configuration.
    files: dict
    # On which it listens, as in the configuration.
    ports: list
    # What else is in the folder: paths by their names.
    links: dict = field(default_factory=dict)
    environment: dict = field(default_factory=dict)
    # Whether it may end by itself.
    may_end: bool = False
    # On which it listens over UDP, as in the configuration. One may be among `ports` as well.
    udp: list = field(default_factory=list)


@contextmanager
def started(program, servers, folder):
    """Starts a program, and yields its addresses and those of the servers."""
    folder.mkdir()
    # A program that drops its rights reads it.
    folder.chmod(0o755)
    addresses = servers.with_free(list(dict.fromkeys([*program.ports, *program.udp])))
    for name, text in program.files.items():
        (folder / name).write_text(addresses.applied(text))
    for name, target in program.links.items():
        (folder / name).symlink_to(target)
    for file in CERTIFICATES:
        shutil.copy(file, folder)
    (folder / "combined.pem").write_text("".join(file.read_text() for file in CERTIFICATES))
    command = [addresses.applied(argument.replace("{folder}", str(folder))) for argument in program.command]
    environment = os.environ | dict.fromkeys(["HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"], str(folder)) | program.environment
    process = None
    try:
        with open(folder / "log", "wb") as log, sigterm_waits():
            process = subprocess.Popen(
                command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        for port in program.ports:
            _await(program.name, process, addresses[port], _accepts)
        for port in program.udp:
            _await(program.name, process, addresses[port], _has_socket)
        yield addresses
        if process.poll() is not None and not program.may_end:
            raise Failure(f"{program.name} ended with {process.returncode}")
    except OSError as error:
        raise Failure(f"{program.name} can't be started: {error}") from error
    except Failure as failure:
        lines = (folder / "log").read_text(errors="replace").splitlines()
        if not lines:
            raise
        said = "\n  | ".join(["", *lines[-20:]])
        raise Failure(f"{failure}\nThe log of {program.name}:{said}") from failure
    finally:
        if process is not None:
            _end(process)


def _end(process):
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(END)
    # What else it has started is in its group.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _await(name, process, port, listens):
    end = time.monotonic() + START
    while not listens(port):
        if process.poll() is not None or time.monotonic() > end:
            raise Failure(f"{name} does not listen on {port}")
        time.sleep(0.05)


def _accepts(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def _has_socket(port):
    """Whether there is a UDP socket with this port: nothing can be connected to."""
    lines = [line for name in ("udp", "udp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
    return any(int(line.split()[1].rpartition(":")[2], 16) == port for line in lines)

"""Requests with curl, and the server's log lines about them."""

import itertools
import json
import socket
import subprocess
import threading
import time
from dataclasses import dataclass

from tools import Failure

# In seconds.
EXCHANGE = 30
LOG = 10

# What a client makes up about its address, in both families of fields.
INVENTED = "192.0.2.1"

_numbers = itertools.count(1)


@dataclass
class Response:
    request_id: str
    exit_code: int
    error: str
    status: int
    fields: list
    trailers: list
    content: bytes

    def has(self, name):
        return any(name == other for other, _ in self.fields)


def curl(client, source, *arguments):
    """A command that requests from this address, and makes up another one."""
    protocol = {"HTTP/1.1": "--http1.1", "HTTP/2": "--http2-prior-knowledge"}
    te = ["-H", "TE: trailers"] * client.sends_te
    invented = ["-H", f"X-Forwarded-For: {INVENTED}", "-H", f"Forwarded: for={INVENTED}"]
    options = ["-sSk", "--max-time", str(EXCHANGE), protocol[client.protocol], "--interface", source]
    return ["curl", *options, *te, *invented, *arguments]


def exchange(client, url, source, folder, *options, sent=b""):
    number = next(_numbers)
    request_id = f"check-{number}"
    head, content = folder / f"{number}.head", folder / f"{number}.content"
    # curl creates no file for what does not arrive.
    head.touch()
    content.touch()
    files = ["-D", head, "-o", content]
    done = _run(curl(client, source, "-H", f"X-Request-Id: {request_id}", *files, *options, url), sent)
    (status, *lines), *sections = sections_of(head)
    trailers = [line for section in sections for line in section]
    return Response(
        request_id, done.returncode, _error(done), status_of(status), _fields(lines), _fields(trailers),
        content.read_bytes(),
    )


def balanced(port, address):
    """Sends a request like a load balancer that reports this IPv6 address, and returns its id."""
    request_id = f"check-{next(_numbers)}"
    with socket.create_connection(("127.0.0.1", port), EXCHANGE) as connection:
        head = f"GET /te HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: {request_id}\r\nConnection: close\r\n\r\n"
        connection.sendall(f"PROXY TCP6 {address} ::1 1000 80\r\n{head}".encode())
        with connection.makefile("rb") as response:
            status = status_of(response.read().decode("latin-1"))
    if status != 200:
        raise Failure(f"status {status}")
    return request_id


def requests(client, url, source, count):
    """Sends some requests on a connection, and returns the id that they have in common."""
    request_id = f"check-{next(_numbers)}"
    urls = ["-o", "/dev/null", url] * count
    done = _run(curl(client, source, "-H", f"X-Request-Id: {request_id}", "--fail", *urls))
    if done.returncode != 0:
        raise Failure(f"{url}: {_error(done)}")
    return request_id


def _run(command, sent=b""):
    return subprocess.run(command, input=sent, capture_output=True)


def _error(done):
    return done.stderr.decode(errors="replace").strip()


def sections_of(head):
    """The lines of a header section and of trailers that curl has written."""
    text = head.read_bytes().decode("latin-1").replace("\r\n", "\n")
    return [section.split("\n") for section in text.strip("\n").split("\n\n")]


def status_of(line):
    return int(line.split()[1]) if line else None


def _fields(lines):
    pairs = (line.partition(":") for line in lines)
    return [(name.lower(), value.strip()) for name, _, value in pairs]


class Log:
    """The access log of a running server."""

    def __init__(self, running):
        self._running = running
        self._offset = 0
        self._lines = {}
        self._lock = threading.Lock()

    def lines(self, request_id, count=1):
        """The lines about the requests with this id, once there are so many."""
        end = time.monotonic() + LOG
        while True:
            with self._lock:
                self._read()
                found = self._lines.get(request_id, [])
            if len(found) >= count:
                return found
            if time.monotonic() > end:
                raise Failure(f"the server's log has {len(found)} lines about it, expected: {count}")
            time.sleep(0.02)

    def _read(self):
        complete, end, _ = self._running.log(self._offset).rpartition(b"\n")
        self._offset += len(complete) + len(end)
        for line in map(json.loads, complete.splitlines()):
            if "request_id" in line:
                self._lines.setdefault(line["request_id"], []).append(line)

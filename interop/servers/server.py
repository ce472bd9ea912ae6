"""The servers: what server.toml contains. interop/README.md has a table of it."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import manifest
from sources import Release
from tools import Failure

HERE = Path(__file__).resolve().parent

HTTP3 = "HTTP/3"
HTTP2 = "HTTP/2"
HTTP1 = "HTTP/1.1"
PROTOCOLS = (HTTP3, HTTP2, HTTP1)

QUESTIONS = ("with TE", "without TE", "announced", "digest", "request trailers")


@dataclass(frozen=True)
class Shortest:
    """A shortest program or configuration that sends a trailer."""

    file: str
    # By protocol: each must respond with the trailer `x-sum: 1`.
    urls: dict[str, str]
    # What it is, if there are several.
    words: str = ""
    # Where it belongs, if its command is no use for a reader.
    start: str | None = None
    # Its other files, which the page also shows.
    more_files: list[str] = field(default_factory=list)
    # Instead of that of the program.
    command: list[str] | None = None


@dataclass(frozen=True)
class Beside:
    """A program that must run beside the server, such as a backend."""

    file: str
    port: int
    command: list[str] = field(default_factory=lambda: ["python3", "{file}"])


@dataclass(frozen=True)
class Probe:
    """The program that answers the questions."""

    file: str
    # By protocol: an origin. HTTP/2 without TLS is with prior knowledge.
    urls: dict[str, str]
    # By version: protocols that it does not speak properly.
    unless: dict[str, list[str]] = field(default_factory=dict)
    # Where the questions are asked: `trailers`, `announced` and `inspect`.
    paths: dict[str, str] = field(default_factory=dict)
    # Instead of that of the program.
    command: list[str] | None = None

    def protocols(self, version):
        return [protocol for protocol in self.urls if protocol not in self.unless.get(version, [])]


@dataclass(frozen=True)
class Death:
    """A way in which a handler fails in the middle of a response."""

    words: str
    path: str
    # Whether the program ends with it.
    ends_program: bool = False
    # By protocol: outcomes that depend on the moment. Another one is a difference.
    varies: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Fault:
    """What goes wrong, and a command that shows it."""

    says: str
    command: str
    # Lines that come in this order, and lines that must not come.
    prints: str
    lacks: list[str] = field(default_factory=list)
    # The program that it is about: the first of the shortest ones unless it is another. It listens on the same ports.
    file: str | None = None
    # Whether that program ends with it.
    ends_program: bool = False
    # Versions of the server: all of them unless there are some.
    programs: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Server:
    # Its heading in docs/servers.md.
    name: str
    programs: list[Release]
    shortest: list[Shortest]
    probe: Probe
    deaths: list[Death]
    faults: list[Fault] = field(default_factory=list)
    beside: list[Beside] = field(default_factory=list)
    # How a program sends a trailer, and how an application reads those of a request, if it can.
    sends: str | None = None
    reads: str | None = None
    # A file that includes `{file}`, with which the program is started.
    wrapper: str | None = None
    # Options of `send`, which is used instead of `get`: for servers that answer no GET. `{folder}` has what `before` makes.
    send: list[str] = field(default_factory=list)
    # Questions that are not asked, and the words in their cells.
    meaningless: dict[str, str] = field(default_factory=dict)
    # Commands that make more files, in a folder with the certificate.
    before: list[list[str]] = field(default_factory=list)
    # Whether the short form asks it.
    short: bool = False
    folder: Path = field(default=None, init=False)

    @property
    def results(self):
        return self.folder / "results.txt"

    def source(self, file):
        return (self.folder / file).read_text()

    def program_of(self, fault):
        """The program that a fault is about, which listens on the ports of a shortest one or of the probe."""
        there = {program.file: program for program in (self.probe, *self.shortest)}
        return there.get(fault.file) or replace(self.shortest[0], file=fault.file or self.shortest[0].file)

    def path(self, route):
        return self.probe.paths.get(route, f"/{route}")


def load(folder):
    server = manifest.load(Server, folder / "server.toml")
    object.__setattr__(server, "folder", folder)
    for urls in (server.probe.urls, *(shortest.urls for shortest in server.shortest)):
        if not urls or urls.keys() - set(PROTOCOLS):
            raise Failure(f"{folder.name}: URLs by protocol ({', '.join(PROTOCOLS)}) were expected, not {urls}")
    _expect(folder, "questions", server.meaningless, QUESTIONS)
    _expect(folder, "versions", server.probe.unless, [release.version for release in server.programs])
    for protocols in server.probe.unless.values():
        _expect(folder, "protocols of the probe", protocols, server.probe.urls)
    for dying in server.deaths:
        _expect(folder, "protocols of the probe", dying.varies, server.probe.urls)
    for fault in server.faults:
        _expect(folder, "versions", fault.programs, [release.version for release in server.programs])
        if not fault.prints.strip("…\n "):
            raise Failure(f"{folder.name}: nothing shows that this happens: {fault.says}")
    return server


def _expect(folder, what, names, known):
    """Nothing that a server.toml asks for is skipped because it does not exist."""
    if unknown := [name for name in names if name not in known]:
        raise Failure(f"{folder.name}: {', '.join(unknown)} where {what} were expected: {', '.join(known)}")


def servers():
    """All of them, by the names of their folders."""
    return {path.parent.name: load(path.parent) for path in sorted(HERE.glob("*/server.toml"))}

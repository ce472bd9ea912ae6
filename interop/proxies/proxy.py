"""The proxies: what their `proxy.toml` says."""

import re
from dataclasses import dataclass, field
from pathlib import Path

import manifest
from programs import Program
from sources import Release, filled
from tools import Failure

HERE = Path(__file__).resolve().parent

# The origin's ports in the configurations: without TLS, and with it.
PLAIN_ORIGIN = 8080
TLS_ORIGIN = 3000

TO_ORIGIN = ("HTTP/1.0", "HTTP/1.1", "h2c", "TLS HTTP/1.0", "TLS HTTP/1.1", "TLS HTTP/2")
KINDS = ("as-installed", "trailers", "other")


@dataclass(frozen=True)
class Configuration:
    id: str
    # For the tables, in Markdown.
    words: str
    kind: str
    # What the proxy is asked to speak there.
    to_origin: str
    # The shortest complete configuration.
    file: str
    # Its ports for clients over TLS, over HTTP/1.1 without TLS, and over HTTP/2 with prior knowledge.
    tls: int | None = None
    plain: int | None = None
    h2c: int | None = None
    shown: bool = False
    programs: list[str] = field(default_factory=list)
    # A file that includes `{file}`, and with which the program is started.
    wrapper: str | None = None
    # Others that the program reads from its folder.
    more_files: list[str] = field(default_factory=list)
    # Added to the command.
    arguments: list[str] = field(default_factory=list)
    # Questions whose answer depends on the moment, and why. verdicts.txt has the answers that are known.
    varies: dict[str, str] = field(default_factory=dict)

    def ports(self):
        """On which the program listens: each once."""
        return list(dict.fromkeys(port for port in (self.tls, self.plain, self.h2c) if port is not None))


@dataclass(frozen=True)
class Measured:
    """The configurations whose verdicts a remedy is made from."""

    # Without one: with each program of the proxy.
    program: str | None = None
    without: list[str] = field(default_factory=list)
    with_: str | None = None
    # Findings that are left with the lines: smaller losses.
    accepts: list[str] = field(default_factory=list)
    # If it is an update that helps.
    with_program: str | None = None
    # For what fails in each configuration.
    always: bool = False
    # Only these, of all that it helps with or that fails.
    questions: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Remedy:
    names: list[str]
    unnamed: bool = False
    from_: str | None = None
    before: str | None = None
    place: str | None = None
    lines: list[str] = field(default_factory=list)
    note: str | None = None
    measured: Measured | None = None
    # The source for versions that are not measured, such as a changelog.
    basis: str | None = None
    # Instead of `measured`.
    findings: list[str] = field(default_factory=list)
    modes: list[str] = field(default_factory=list)
    cures: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Fault:
    """Something that a proxy does wrong, with a command that shows it."""

    program: str
    configuration: str
    says: str
    command: str
    # Lines that it prints, in this order. `…` stands for any text.
    prints: str
    # Lines that it does not print.
    lacks: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Proxy:
    name: str
    programs: list[Release]
    configurations: list[Configuration]
    remedies: list[Remedy] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    # Whether its setups are measured one after the other: a slow program exceeds the time limits of checks otherwise.
    one_at_a_time: bool = False
    folder: Path = field(default=HERE, init=False)

    def release(self, version):
        [release] = [release for release in self.programs if release.version == version]
        return release

    def configuration(self, id, version):
        found = [other for other in self.configurations if other.id == id and version in self.versions(other)]
        if len(found) != 1:
            raise Failure(f"{self.name} {version} has {len(found)} configurations {id}")
        return found[0]

    def versions(self, configuration):
        return configuration.programs or [release.version for release in self.programs]

    def setups(self):
        """Each configuration with each of its programs."""
        return [Setup(self, release, configuration) for configuration in self.configurations for release in self.programs
                if release.version in self.versions(configuration)]

    def setup(self, id, version):
        return Setup(self, self.release(version), self.configuration(id, version))

    def text(self, file):
        return (self.folder / file).read_text()

    def files(self, configuration):
        """The texts of its files. A wrapper has the name of the configuration's file where it has `{file}`."""
        texts = {file: self.text(file) for file in [configuration.file, *configuration.more_files]}
        if configuration.wrapper:
            texts[configuration.wrapper] = self.text(configuration.wrapper).replace("{file}", configuration.file)
        return texts


@dataclass(frozen=True)
class Setup:
    """A program of a proxy with a configuration."""

    proxy: Proxy
    release: Release
    configuration: Configuration

    @property
    def key(self):
        return self.configuration.id, self.release.version

    @property
    def name(self):
        return f"{self.proxy.name} {self.release.version}, {self.configuration.id}"

    def faults(self):
        return [fault for fault in self.proxy.faults if (fault.configuration, fault.program) == self.key]

    def program(self, folder):
        """How to start it: `folder` is that of the program."""
        configuration = self.configuration
        main = configuration.wrapper or configuration.file
        command = [filled(argument, folder).replace("{configuration}", main).replace("{stem}", Path(main).stem)
                   for argument in [*self.release.command, *configuration.arguments]]
        links = {"node_modules": folder / "node_modules"} if "npm" in self.release.source else {}
        return Program(
            self.name, command, self.proxy.files(configuration), configuration.ports(), links, self.release.variables(),
        )


def load(folder):
    """The proxy of a folder. Raises a `Failure` if its `proxy.toml` is wrong."""
    proxy = manifest.load(Proxy, folder / "proxy.toml")
    object.__setattr__(proxy, "folder", folder)
    try:
        _check(proxy)
    except (OSError, Failure) as error:
        raise Failure(f"{folder.name}/proxy.toml: {error}") from error
    return proxy


def names():
    """The names of all folders with a `proxy.toml`."""
    return sorted(file.parent.name for file in HERE.glob("*/proxy.toml"))


def _check(proxy):
    known = {release.version for release in proxy.programs}
    seen = set()
    for configuration in proxy.configurations:
        where = f"configuration {configuration.id}"
        _one_of(where, configuration.kind, KINDS)
        _one_of(where, configuration.to_origin, TO_ORIGIN)
        _one_of(f"{where}: programs", configuration.programs, known)
        if not re.fullmatch(r"[\w.-]+", configuration.id):
            raise Failure(f"{where}: an id has letters, digits, `_`, `.` and `-`")
        if "protocol" in configuration.varies:
            raise Failure(f"{where}: the protocol to the origin must not vary")
        if not configuration.ports():
            raise Failure(f"{where}: it needs a port: tls, plain or h2c")
        texts = "\n".join([*proxy.files(configuration).values(), *configuration.arguments])
        ports = {int(port) for port in re.findall(rf"\b(?:{PLAIN_ORIGIN}|{TLS_ORIGIN})\b", texts)}
        expected = {TLS_ORIGIN if configuration.to_origin.startswith("TLS") else PLAIN_ORIGIN}
        if ports != expected:
            raise Failure(f"{where}: to-origin is {configuration.to_origin}, but its origin is {ports or 'missing'}")
        for version in proxy.versions(configuration):
            if (configuration.id, version) in seen:
                raise Failure(f"{where}: twice for {version}")
            seen.add((configuration.id, version))
    for bound in (bound for remedy in proxy.remedies for bound in (remedy.from_, remedy.before) if bound):
        if not re.fullmatch(r"\d+\.\d+(\.\d+)?", bound):
            raise Failure(f"a bound has two or three numbers: {bound}")
    for fault in proxy.faults:
        proxy.configuration(fault.configuration, fault.program)
        if not any(line.strip("… ") for line in fault.prints.splitlines()):
            raise Failure(f"a fault without a line that its command prints: {fault.says}")


def _one_of(where, words, known):
    for word in [words] if isinstance(words, str) else words:
        if word not in known:
            raise Failure(f"{where}: {word}; one of {', '.join(sorted(known))} was expected")

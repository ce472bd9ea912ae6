"""Where a program comes from: it is installed, downloaded or built once."""

import json
import os
import threading
from dataclasses import dataclass, field
from pathlib import Path

import suites
from tools import Failure, cache, cached, install_packages, python_programs, run, version

# In seconds.
BUILD = 900

# Folders of Cargo's packages by their names.
_built = {}
_building = threading.Lock()


@dataclass(frozen=True)
class Release:
    """A program of `[[programs]]`. `source` has one member, which says where it is from."""

    # The beginning of it, as the tables have it.
    version: str
    source: dict[str, str]
    prints_version: list[str]
    command: list[str]
    # Debian packages that it also needs.
    needs: list[str] = field(default_factory=list)
    # More variables of its process. `{cache}` is a folder that stays.
    environment: dict[str, str] = field(default_factory=dict)
    # A command that must have succeeded before, which may take long.
    prepare: list[str] = field(default_factory=list)

    def prepared(self, home):
        """Installs or builds it, and returns its folder: `{program}`. `home` is the folder of its files here."""
        if len(self.source) != 1 or not self.source.keys() <= _SOURCES.keys():
            raise Failure(f"not a source: {self.source}; one of {', '.join(_SOURCES)} was expected")
        install_packages(self.needs)
        [(kind, what)] = self.source.items()
        folder = _SOURCES[kind](what, home)
        if self.prepare:
            run([filled(argument, folder) for argument in self.prepare], BUILD, env=os.environ | self.variables())
        return folder

    def full_version(self, name, folder, home):
        """Its whole version, which must begin with `version`. In `prints-version`, `{home}` is the folder of its files here."""
        found = version([filled(argument, folder).replace("{home}", str(home)) for argument in self.prints_version])
        if not f"{found}.".startswith(f"{self.version}."):
            raise Failure(f"{name} is {found} here, and the tables are about {self.version}")
        return found


    def variables(self):
        return {name: value.replace("{cache}", str(cache())) for name, value in self.environment.items()}


def filled(argument, folder):
    return argument.replace("{program}", str(folder))


def _debian(package, _home):
    install_packages([package])


def _pypi(requirements, _home):
    lines = requirements.split()
    return python_programs(lines[0].partition("==")[0], "".join(f"{line}\n" for line in lines))


def _npm(package, _home):
    def fill(folder):
        run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", folder, package], BUILD)

    return cached(package.rpartition("@")[0].replace("/", "-"), package, fill)


def _go(file, home):
    def fill(folder):
        run(["go", "build", "-o", folder / Path(file).stem, home / file], BUILD)

    return cached(f"go-{home.name}", f"{file}\n{version(['go', 'version'])}\n{(home / file).read_text()}", fill)


def _cargo(package, home):
    """A package in this folder or above it. Several folders may share it, so it is built once."""
    with _building:
        if package not in _built:
            _built[package] = _build(package, home)
        return _built[package]


def _build(package, home):
    target = {"CARGO_TARGET_DIR": os.environ.get("CARGO_TARGET_DIR", str(cache() / "target"))}
    chosen = ["--locked", "--package", package]
    # Checkouts may share the target folder, and Cargo distinguishes them only by the age of their files.
    run(["cargo", "clean", "--quiet", *chosen], BUILD, cwd=home, env=os.environ | target)
    printed = run(["cargo", "build", "--message-format=json", *chosen], BUILD, cwd=home, env=os.environ | target)
    artifacts = [json.loads(line) for line in printed.splitlines()]
    executables = [artifact["executable"] for artifact in artifacts if artifact.get("executable")]
    if not executables:
        raise Failure(f"the package {package} has no program")
    return Path(executables[-1]).parent


def _suite(suite):
    return lambda package, _home: suites.folder(suite, package)


_SOURCES = {
    "debian": _debian, "pypi": _pypi, "npm": _npm, "go": _go, "cargo": _cargo, "sid": _suite("sid"), "trixie": _suite("trixie"),
}

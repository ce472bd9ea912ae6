"""What is committed about the proxies: the folders' proxy.toml and verdicts.txt."""

from dataclasses import dataclass, replace

import proxy
import verdicts
from committed import difference
from proxy import HERE, Proxy
from tools import Failure

FILE = "verdicts.txt"

COMMENT = """# What `axum-trailers check` finds behind this proxy, and does not find without one, by configuration, version and
# clients: modes, questions, a finding and a direction. `interop/proxies/run --write` writes it."""


@dataclass(frozen=True)
class Measured:
    """A proxy, and what was found behind it."""

    proxy: Proxy
    # Whole versions, by those of the programs.
    versions: dict
    # By configuration and version.
    verdicts: dict

    @property
    def file(self):
        return self.proxy.folder / FILE

    def blocks(self):
        """Each setup with its verdicts."""
        return [(setup, self.verdicts[setup.key]) for setup in self.proxy.setups()]

    def text(self):
        return verdicts.written(COMMENT, self.versions, self.verdicts)


def load(name):
    """Raises a `Failure` if its folder is not complete."""
    one = proxy.load(HERE / name)
    if not (one.folder / FILE).exists():
        raise Failure(f"{name} has no {FILE}; --write writes it")
    return parsed(one, (one.folder / FILE).read_text())


def parsed(one, text):
    versions, found = verdicts.read(text)
    keys = [setup.key for setup in one.setups()]
    if differing := sorted(set(keys) ^ set(found)):
        names = "; ".join(", ".join(key) for key in differing)
        raise Failure(f"{one.folder.name}: only one of proxy.toml and {FILE} has {names}")
    if missing := {release.version for release in one.programs} - versions.keys():
        raise Failure(f"{one.folder.name}/{FILE} does not say which versions were measured: {', '.join(sorted(missing))}")
    return Measured(one, versions, {key: found[key] for key in keys})


def known(one):
    """The verdicts that are written, by setup: none if there are none."""
    file = one.folder / FILE
    return verdicts.read(file.read_text())[1] if file.exists() else {}


def settled(setup, found, known, direct, adds):
    """The verdicts of a setup, from those of its clients with and without TLS. What depends on the moment has all answers that
    are known; new ones are another verdict, or `adds` to them."""
    varies = setup.configuration.varies
    there = {}
    for verdict in found:
        for other in known:
            if set(verdict.clients) <= set(other.clients):
                verdict = verdicts.settled(verdict, other, direct, varies, adds)
        there["TLS" in verdict.clients] = verdict
    found = verdicts.merged(there.get(True), there.get(False), direct, varies)
    return [verdicts.spread(verdict, direct, varies) for verdict in found] if adds else found


def compared(found):
    """How it differs from what is committed, if it does: some setups may be left out. The end of a version is only a note."""
    was = load(found.proxy.folder.name)
    for version, full in found.versions.items():
        if was.versions[version] != full:
            print(f"note: {found.proxy.name} is {full} here, {was.versions[version]} in {FILE}")
    return difference(found.file, was.text(), replace(was, verdicts=was.verdicts | found.verdicts).text())

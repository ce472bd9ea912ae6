"""What is committed about the proxies: the folders' proxy.toml and verdicts.txt."""

from dataclasses import dataclass

import proxy
import verdicts
from proxy import HERE, Proxy
from tools import Failure

FILE = "verdicts.txt"

COMMENT = """# What `axum-trailers check` finds behind this proxy, and does not find without one, by configuration, version and clients: modes,
# questions, a finding and a direction. `interop/proxies/run --write` writes it."""


@dataclass(frozen=True)
class Measured:
    """A proxy, and what was found behind it."""

    proxy: Proxy
    # Whole versions, by those of the programs.
    versions: dict
    # By configuration and version.
    verdicts: dict

    def blocks(self):
        """Each release and configuration, with its verdicts."""
        return [(release, configuration, self.verdicts[configuration.id, release.version])
                for release, configuration in self.proxy.measured()]

    def text(self):
        return verdicts.written(COMMENT, self.versions, self.verdicts)


def load(name):
    """Raises a `Failure` if its folder is not complete."""
    one = proxy.load(HERE / name)
    file = one.folder / FILE
    if not file.exists():
        raise Failure(f"{name} has no {FILE}; --write writes it")
    versions, found = verdicts.read(file.read_text())
    expected = [(configuration.id, release.version) for release, configuration in one.measured()]
    if list(found) != expected or list(versions) != [release.version for release in one.programs]:
        raise Failure(f"{name}/{FILE} is about {list(found)}, and proxy.toml about {expected}")
    return Measured(one, versions, found)

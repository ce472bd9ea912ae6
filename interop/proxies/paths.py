"""Paths through several proxies: what `axum-trailers check` finds, and at which hop."""

from contextlib import ExitStack
from dataclasses import dataclass

import manifest
import proxy
import verdicts
from committed import agree, difference
from measure import check
from programs import Addresses, started
from proxy import HERE, PLAIN_ORIGIN
from tools import Failure
from verdicts import MODES

# Beside those of the proxies' folders.
NAME = "paths"

MANIFEST = HERE / "paths.toml"
FILE = HERE / "paths.txt"

COMMENT = """# What `axum-trailers check` finds on the paths of paths.toml, and does not find without proxies: modes, questions,
# a finding, a direction, and the hop at fault, counted from the client. `interop/proxies/run --write` writes it."""


@dataclass(frozen=True)
class Hop:
    proxy: str
    program: str
    configuration: str


@dataclass(frozen=True)
class Path:
    id: str
    hops: list[Hop]


@dataclass(frozen=True)
class _Paths:
    paths: list[Path]


def compared(origin, write):
    """How the paths differ from what is committed, if they do."""
    there = manifest.load(_Paths, MANIFEST).paths
    found = {}
    for path in there:
        programs = "→".join(f"{hop.proxy}-{hop.program}" for hop in path.hops)
        found[path.id, programs] = [_verdict(origin, path)]
        print(f"measured: {path.id}, {programs}", flush=True)
    text = verdicts.written(COMMENT, {}, found)
    return agree(FILE, text, True) if write else difference(FILE, FILE.read_text(), text)


def _verdict(origin, path):
    with ExitStack() as stack:
        addresses, urls = origin.addresses, [_url(origin.addresses[PLAIN_ORIGIN])]
        # Each hop's origin is the one behind it.
        for number, hop in reversed(list(enumerate(path.hops))):
            setup = proxy.load(HERE / hop.proxy).setup(hop.configuration, hop.program)
            program, configuration = setup.program(setup.release.prepared(setup.proxy.folder)), setup.configuration
            here = stack.enter_context(started(program, addresses, origin.folder / f"{path.id}-{number}"))
            urls.insert(0, _url(here[configuration.plain]))
            addresses = Addresses({PLAIN_ORIGIN: here[configuration.plain]})
        if configuration.plain != configuration.h2c:
            raise Failure(f"{path.id}: {configuration.id} has another port for HTTP/2")
        return verdicts.of(("plain", "h2c"), [check(origin.binary, urls, MODES)], origin.direct)


def _url(port):
    return f"http://127.0.0.1:{port}/"

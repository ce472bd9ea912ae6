"""The servers that are measured: what each supports and how it is started."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools import ROOT, Word

SOURCES = ROOT / "bench/servers"

H3 = "h3"
H2 = "h2"
H1 = "h1"

X25519 = "X25519"
P256 = "P-256"


OVER_HTTP3 = frozenset((H3,))


@dataclass(frozen=True)
class Place:
    """The arguments of a server."""

    address: str
    certificate: Path
    key: Path
    # The folder that static file servers serve.
    files: Path
    # A temporary folder for this server alone.
    folder: Path


@dataclass(frozen=True)
class Server:
    """A server, before its start."""

    # The name for `--servers`.
    name: str
    # The name in the tables.
    title: str
    command: Callable[[Place], Sequence[Word]]
    protocols: frozenset[str] = frozenset((H1, H2))
    # Its key exchange group.
    group: str = X25519
    # Whether it produces bodies while it sends them. Other servers' bodies are ready from the start.
    produces: bool = True
    # Whether it can send a response without the trailer.
    has_plain: bool = True
    ours: bool = False
    # Whether it is one process of machine code, which callgrind can count.
    is_compiled: bool = False

    def has_transport_of(self, protocol: str) -> bool:
        """Whether it can be compared over a protocol: some servers are measured only over TCP, and some only over QUIC."""
        return H3 in self.protocols if protocol == H3 else self.protocols != OVER_HTTP3


def ours(title: str, binary: Path) -> Server:
    """A build of this project's server."""
    return Server(title, title, _rust(binary), frozenset((H1, H2, H3)), ours=True, is_compiled=True)


def workbench(binary: Path) -> Server:
    """The program `axum-trailers`, which serves files with their digests."""
    return Server(
        "axum-trailers", "axum-trailers",
        lambda place: [binary, "serve", *_flags(place), "--redirect", "off", "--dir", place.files],
    )


def peers(build: Path) -> list[Server]:
    """All other servers. `build` is Cargo's target folder."""
    release = build / "release"
    article, axum, axum_h3, hyper = (release / name for name in ("article", "axum_0_8", "axum_h3", "hyper_1"))
    return [
        # Over HTTP/1.1 each request waits 40 ms, so only the next one runs under callgrind.
        Server("article", "article", _rust(article)),
        Server("article-nodelay", "article + TCP_NODELAY", _rust(article, "--nodelay"), is_compiled=True),
        Server("axum", "axum 0.8, default runtime", _rust(axum, "--runtime", "multi-thread"), is_compiled=True),
        Server("axum-per-core", "axum 0.8, runtime per core", _rust(axum, "--runtime", "per-core"), is_compiled=True),
        Server(
            "hyper", "hyper, producer task, runtime per core", _rust(hyper, "--body", "produced"), is_compiled=True
        ),
        Server(
            "hyper-ready", "hyper, ready body, runtime per core", _rust(hyper, "--body", "ready"), produces=False,
            is_compiled=True,
        ),
        Server("go", "Go `net/http`", _rust(build / "bench/go")),
        Server("node", "Node `http2`", lambda place: ["node", SOURCES / "node.mjs", *_flags(place)]),
        Server("nginx", "nginx", _nginx("nginx", "nginx.conf"), produces=False),
        # Only these are measured over HTTP/3. The first is the application of `axum` on the same crates as ours.
        Server(
            "axum-h3", "axum-h3, default runtime", _rust(axum_h3, "--runtime", "multi-thread"), OVER_HTTP3,
            is_compiled=True,
        ),
        Server(
            "axum-h3-per-core", "axum-h3, runtime per core", _rust(axum_h3, "--runtime", "per-core"), OVER_HTTP3,
            is_compiled=True,
        ),
        Server("caddy", "Caddy", _caddy(build / "bench/http3/caddy"), OVER_HTTP3, produces=False),
        Server(
            "nginx-http3", "nginx 1.26", _nginx(build / "bench/http3/nginx", "nginx_http3.conf"), OVER_HTTP3, produces=False
        ),
        # It supports only P-256, and sends its trailer with every response.
        Server("nghttpd", "nghttpd", _nghttpd, frozenset((H2,)), P256, produces=False, has_plain=False),
    ]


def _rust(binary: Path, *more: str) -> Callable[[Place], Sequence[Word]]:
    return lambda place: [binary, *_flags(place), *more]


def _flags(place: Place) -> list[Word]:
    return ["--listen", place.address, "--cert", place.certificate, "--key", place.key]


def _nginx(program: Word, template: str) -> Callable[[Place], Sequence[Word]]:
    def command(place: Place) -> Sequence[Word]:
        # By default a worker that root starts runs as another user, who may not read the folders.
        user = "user root;\n" if os.geteuid() == 0 else ""
        configuration = place.folder / template
        configuration.write_text(user + _filled(template, place))
        return [program, "-e", "stderr", "-p", place.folder, "-c", configuration]

    return command


def _caddy(program: Path) -> Callable[[Place], Sequence[Word]]:
    def command(place: Place) -> Sequence[Word]:
        configuration = place.folder / "Caddyfile"
        configuration.write_text(_filled("Caddyfile", place))
        return [program, "run", "--adapter", "caddyfile", "--config", configuration]

    return command


def _filled(template: str, place: Place) -> str:
    """One of the configurations, for this place."""
    host, _, port = place.address.partition(":")
    return (SOURCES / template).read_text().format(
        prefix=place.folder, address=place.address, host=host, port=port, certificate=place.certificate, key=place.key,
        files=place.files,
    )


def _nghttpd(place: Place) -> Sequence[Word]:
    host, _, port = place.address.partition(":")
    return [
        "nghttpd", "-a", host, "-n", str(os.cpu_count()), "-d", place.files, "--trailer", "chunky-trailer: foo",
        port, place.key, place.certificate,
    ]

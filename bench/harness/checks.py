"""Checks a server before it is timed: its protocols, its TLS settings, its trailers."""

import base64
import hashlib
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from h2load import CIPHER
from running import Running
from servers import H1, H2, H3
from tools import Failure, run

SMALL = b"hello...world\n"
BIG = 1_000_000
TRAILER = "chunky-trailer: foo"

# In seconds.
EXCHANGE = 20

VERSIONS = {H2: "2", H1: "1.1"}


@dataclass(frozen=True)
class Response:
    """A response as a client received it."""

    body: bytes
    # The fields that followed it.
    trailers: list[str]


def check(running: Running, client: Path) -> dict[str, bool]:
    """Whether its trailers arrive, for each of its protocols. Anything else that is wrong is a failure. `client` is the
    program of bench/peers."""
    def get(running: Running, protocol: str, path: str) -> Response:
        return get_http3(running, client, path) if protocol == H3 else get_tcp(running, protocol, path)

    found = {}
    for protocol in sorted(running.server.protocols):
        small, big = get(running, protocol, "/small"), get(running, protocol, f"/big/{BIG}")
        if small.body != SMALL:
            raise Failure(f"wrong body of /small: {small.body[:80]!r}")
        if len(big.body) != BIG:
            raise Failure(f"{len(big.body)} bytes of {BIG} arrived")
        found[protocol] = TRAILER in small.trailers and TRAILER in big.trailers
        if running.server.ours:
            if not found[protocol]:
                raise Failure(f"our own trailer does not arrive over {protocol}: {small}")
            _check_digest(get(running, protocol, f"/digest/{BIG}"))
    return found


def check_plain(running: Running, protocol: str) -> None:
    """Checks that /plain is the small response without its trailer."""
    plain = get_tcp(running, protocol, "/plain")
    if (plain.body, plain.trailers) != (SMALL, []):
        raise Failure(f"/plain is not the small response without its trailer: {plain}")


def get_http3(running: Running, client: Path, path: str) -> Response:
    """Makes a request over HTTP/3 by the crate h3, which is not what measures. The client offers only the cipher and the
    group of the measurements."""
    with tempfile.TemporaryDirectory() as folder:
        body = Path(folder, "body")
        said = run([client, "fetch", "--addr", running.address, "--path", path, "--output", body], EXCHANGE)
        return Response(body.read_bytes(), _fields(said.splitlines()))


def get_tcp(running: Running, protocol: str, path: str) -> Response:
    """Makes a request with the cipher and the group of the measurements."""
    with tempfile.TemporaryDirectory() as folder:
        head, body = Path(folder, "head"), Path(folder, "body")
        said = run(
            ["curl", "--silent", "--show-error", "--insecure", "--fail", "--verbose", "--stderr", "-",
             f"--http{VERSIONS[protocol]}", "--tls13-ciphers", CIPHER, "--curves", running.server.group,
             "--header", "TE: trailers", "--dump-header", head, "--output", body, "--write-out", "%{http_version}\\n",
             running.url(path)],
            EXCHANGE,
        )
        if f"SSL connection using TLSv1.3 / {CIPHER}" not in said:
            raise Failure(f"unexpected TLS settings: {said}")
        if (version := said.splitlines()[-1]) != VERSIONS[protocol]:
            raise Failure(f"HTTP/{version} instead of HTTP/{VERSIONS[protocol]}")
        trailers = trailers_of_dump(head.read_text()) if protocol == H1 else _trailers_of_frames(running.url(path))
        return Response(body.read_bytes(), trailers)


def trailers_of_dump(dumped: str) -> list[str]:
    """Parses curl's dump over HTTP/1.1: header fields, an empty line, trailer fields."""
    _, _, behind = dumped.replace("\r\n", "\n").partition("\n\n")
    return _fields(re.findall("(.+)", behind))


def _trailers_of_frames(url: str) -> list[str]:
    """Over HTTP/2 curl 7.88 reads no trailers after a body with `Content-Length`, which nginx and nghttpd send."""
    return trailers_of_frames(run(["nghttp", "-nv", "-H", "te: trailers", url], EXCHANGE))


def trailers_of_frames(said: str) -> list[str]:
    """Parses nghttp's output: the fields after the last frame of the body."""
    _, data, behind = said.rpartition("recv DATA frame")
    if not data:
        raise Failure(f"no body arrived: {said}")
    return _fields(re.findall(r"recv \(stream_id=\d+\) (.+)", behind))


def _fields(lines: list[str]) -> list[str]:
    split = (line.partition(":") for line in lines)
    return [f"{name.lower()}: {value.strip()}" for name, _, value in split]


def content_digest(content: bytes) -> str:
    """The value of `Content-Digest`."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(content).digest()).decode()}:"


def _check_digest(response: Response) -> None:
    if f"content-digest: {content_digest(response.body)}" not in response.trailers:
        raise Failure(f"no digest trailer after the body: {response.trailers}")

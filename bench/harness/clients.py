"""The clients that are measured, and how each downloads."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from checks import VERSIONS
from running import CERTIFICATE
from tools import Word

NOWHERE = Path("/dev/null")

# The file in the working folder from which curl reads URLs.
URLS = Path("urls")

# What `get` asks for. curl sends it too, so that the server has the same work.
ASKED = ("TE: trailers", "Want-Content-Digest: sha-256=10, sha-512=5", "Want-Repr-Digest: sha-256=10, sha-512=5")


@dataclass(frozen=True)
class Download:
    """What a client downloads."""

    # The program `axum-trailers`.
    binary: Path
    protocol: str
    urls: Sequence[str]
    # Where the content of one URL goes.
    target: Path = NOWHERE

    def to(self, target: Path) -> "Download":
        return replace(self, target=target)


# The commands of a pipeline.
Pipeline = Sequence[Sequence[Word]]


@dataclass(frozen=True)
class Client:
    """One way to download."""

    name: str
    # The name in the tables.
    title: str
    pipeline: Callable[[Download], Pipeline]
    ours: bool = False
    # Whether it prints the SHA-256 digest of the content, in hexadecimal digits. If not, one that downloads one URL prints
    # the size of the content.
    prints_digest: bool = False


def _get(what: Download, *options: Word) -> list[Word]:
    """Fails if anything is not verified."""
    return [
        what.binary, "get", "--quiet", "--require-digest", "--cacert", CERTIFICATE, f"--http{VERSIONS[what.protocol]}",
        *options, *what.urls,
    ]


def _curl(what: Download, *options: Word) -> list[Word]:
    asked = (word for field in ASKED for word in ("--header", field))
    return [
        "curl", "--silent", "--show-error", "--fail", "--cacert", CERTIFICATE, f"--http{VERSIONS[what.protocol]}",
        *asked, *options,
    ]


def _curl_to_target(what: Download) -> Pipeline:
    return [_curl(what, "--output", what.target, "--write-out", "%{size_download}", *what.urls)]


def _curl_hashed(what: Download) -> Pipeline:
    stored = [] if what.target == NOWHERE else [["tee", what.target]]
    return [_curl(what, *what.urls), *stored, ["sha256sum"]]


GET = Client(
    "get", "`axum-trailers get`", lambda what: [_get(what, "--json", "--output", what.target)], ours=True, prints_digest=True
)
CURL = Client("curl", "`curl`", _curl_to_target)

DISCARDING = (GET, CURL, Client("curl-sha256sum", r"`curl \| sha256sum`", _curl_hashed, prints_digest=True))
STORING = (GET, CURL, Client("curl-tee-sha256sum", r"`curl \| tee \| sha256sum`", _curl_hashed, prints_digest=True))

# Many URLs, each into a file of the working folder. curl would need an option for each.
MANY = (
    Client("get", "`axum-trailers get`", lambda what: [_get(what, "--remote-name")], ours=True),
    Client("curl", "`curl`", lambda what: [_curl(what, "--remote-name-all", "--config", URLS)]),
)

"""The result of one exchange, for probes in Python.

A probe takes `URL PROTOCOL [--te] [--trailer]`: with `--te` it sends `TE: trailers`, with `--trailer` it posts `hello`
followed by the trailer `x-sum: 1`, or the closest that its client supports. It prints one JSON object with the members
of `Exchange`; probes in other languages print the same.
"""

import base64
import hashlib
import json
import re
import sys
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class Exchange:
    # The status of the response, if there was one.
    status: int | None = None
    content: bytes = b""
    # The trailer fields that the client showed, in order.
    trailers: list[tuple[str, str]] = field(default_factory=list)
    # How the client reports a failure: an exception, an exit code.
    error: str | None = None
    # A hint at a failure that is not reported as one.
    hint: str | None = None
    # Names in the client's interface that contain `trail`.
    names: list[str] = field(default_factory=list)

    def tell(self):
        digest = base64.b64encode(hashlib.sha256(self.content).digest()).decode()
        print(json.dumps({
            "status": self.status,
            "length": len(self.content),
            "sha256": digest,
            "text": self.content[:4096].decode(errors="replace"),
            "trailers": self.trailers,
            "error": self.error,
            "hint": self.hint,
            "names": sorted(self.names),
        }))


def arguments():
    """The URL, the protocol, and whether `--te` and `--trailer` were given."""
    url, protocol, *options = sys.argv[1:]
    return url, protocol, "--te" in options, "--trailer" in options


def request(url, te, trailer):
    """The method, the target and the fields of the request, for clients that take these."""
    parts = urlsplit(url)
    fields = [*[("te", "trailers")] * te, *[("trailer", "x-sum")] * trailer]
    return "POST" if trailer else "GET", f"{parts.path}?{parts.query}", fields


def names(*owners):
    """The public names with `trail` in them, of classes and modules."""
    return [
        f"{owner.__name__}.{name}"
        for owner in owners
        for name in dir(owner)
        if "trail" in name.lower() and not name.startswith("_")
    ]


def status(pattern, section):
    """The last status in a section: earlier ones are interim."""
    found = re.findall(pattern, section)
    return int(found[-1]) if found else None


def fields(section):
    """The name and value of each line of a section."""
    lines = [line.split(":", 1) for line in section.splitlines() if ":" in line]
    return [(name.strip().lower(), value.strip()) for name, value in lines]

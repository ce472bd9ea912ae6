"""What a client's probe tells of one exchange, for the probes that are written in Python.

A probe takes `URL PROTOCOL [--te] [--trailer]`: with `--te` it asks for trailers with `TE: trailers`, with `--trailer`
it posts `hello` and the trailer `x-sum: 1` behind it, or comes as near to that as its client does. It prints one JSON
object, whose members are those of `Exchange`; programs in other languages print the same.
"""

import base64
import hashlib
import json
import re
import sys
from dataclasses import dataclass, field


@dataclass
class Exchange:
    # Of the response, where one came.
    status: int | None = None
    content: bytes = b""
    # The trailer fields that the client showed, in their order.
    trailers: list[tuple[str, str]] = field(default_factory=list)
    # What the client's user is given where it failed: an exception, an exit code.
    error: str | None = None
    # What hints at a failure where nothing has failed.
    hint: str | None = None
    # What the client's interface has with `trail` in its name.
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


def names(*owners):
    """The public names with `trail` in them, of classes and modules."""
    return [
        f"{owner.__name__}.{name}"
        for owner in owners
        for name in dir(owner)
        if "trail" in name.lower() and not name.startswith("_")
    ]


def status(pattern, section):
    """The last status that a section shows: those before it are interim."""
    found = re.findall(pattern, section)
    return int(found[-1]) if found else None


def fields(section):
    """Name and value of each line of a section."""
    lines = [line.split(":", 1) for line in section.splitlines() if ":" in line]
    return [(name.strip().lower(), value.strip()) for name, value in lines]

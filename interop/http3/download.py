"""A big download by libcurl: its digest trailer matches, and the server's memory does not grow."""

import base64
import hashlib
import re
import time
from pathlib import Path

import with_curl
from tools import Failure

MIB = 1 << 20

# The most that the server may use, in KiB.
MEMORY = 64 << 10


def check(server, size):
    digest, began = hashlib.sha256(), time.monotonic()
    url = f"{server.url}/bytes/{size}?chunk=65536"
    response = with_curl.exchange("HTTP/3", "GET", url, [("te", "trailers")], take=digest.update)
    took = time.monotonic() - began
    if response.error or response.status != 200:
        raise Failure(f"{response.status} from {url}: {response.error}")
    expected = f"sha-256=:{base64.b64encode(digest.digest()).decode()}:"
    if dict(response.trailers).get("content-digest") != expected:
        raise Failure(f"the digest trailer is not {expected}: {response.trailers}")
    peak = _peak(server.id)
    if peak > MEMORY:
        raise Failure(f"the server's memory grew to {peak} KiB")
    return f"libcurl downloads {size // MIB} MiB and its digest trailer matches, in {took:.1f} s; the server's memory peaked at {peak} KiB"


def _peak(process):
    """The most resident memory of a process so far, in KiB."""
    return int(re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())[1])

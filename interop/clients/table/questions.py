"""The questions for each client, and the table cells for its answers."""

import base64
import hashlib
import http.client
import json
import re
import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

from tools import Failure

ROWS = 1000
EXPORT = f"/export/orders?limit={ROWS}"
# For the shortest code: more bytes than the initial window of a stream.
LONG_ROWS = 5000
LONG_EXPORT = f"/export/orders?limit={LONG_ROWS}"
EXPORT_TRAILERS = ("x-row-count", "content-digest", "server-timing")
PART = f"/export/orders?columns=id,item&limit={ROWS}"
CUT = f"/export/orders?columns=id,item&limit={2 * ROWS}&fail_at={ROWS + 1}&fail=reset"
# The digest of empty content, after content that is not empty.
WRONG_DIGEST = "/trailers?content-digest=sha-256%3D%3A47DEQpj8HBSa%2B%2FTImW%2B5JCeuQeRkm5NMpJWZG3hSuFU%3D%3A"

# How many bytes of content a probe reports as `text`.
TEXT = 4096

# How often a cut transfer is tried until a response begins.
TRIES = 5


@dataclass
class Row:
    """A row of the table."""

    client: str
    version: str
    protocol: str
    trailers: str
    te: str
    request_trailers: str
    cut: str
    digest: str


class Server:
    """The server for the clients, and the expected answers, fetched without any client."""

    def __init__(self, origin, certificate, key):
        self.origin, self.certificate, self.key = origin, certificate, key
        self.export = _get(origin, EXPORT, certificate)
        self.part = _get(origin, PART, certificate)


def _get(origin, target, certificate):
    trusted = ssl.create_default_context(cafile=certificate)
    connection = http.client.HTTPSConnection(urlsplit(origin).netloc, timeout=60, context=trusted)
    try:
        connection.request("GET", target)
        response = connection.getresponse()
        content = response.read()
    finally:
        connection.close()
    if response.status != 200:
        raise Failure(f"{response.status} from {target}")
    return content


class Interview:
    """One client with one protocol, and a server."""

    def __init__(self, speaking, server):
        self.speaking, self.server = speaking, server
        # Whether the server sends it trailers if it requests them as well as it can.
        self.are_sent = self.can_set_te = False
        self.names = []
        # How much of a cut transfer its user received.
        self.came = ""

    def row(self):
        client = self.speaking.client
        te = self._te()
        export = self._exchange(self._sending(EXPORT), te=self.can_set_te)
        if export["error"] or export["sha256"] != _sha256(self.server.export):
            raise Failure(f"wrong export: {export}")
        self.names = export.get("names")
        trailers = self._trailers(export)
        self._run_shortest(export)
        return Row(
            client.name, client.version, self.speaking.protocol, trailers, te,
            self._request_trailers(), self._cut(), self._digest(export),
        )

    def _exchange(self, target, **options):
        told = self.speaking.exchange(self.server.origin + target, **options)
        # A failure before the response begins has no status.
        if told["status"] != 200 and not (told["status"] is None and told["error"]):
            raise Failure(f"{told['status']} from {target}: {told['text']}")
        return told

    def _te(self):
        alone = _account(self._exchange("/te"))
        if alone["protocol"] != self.speaking.protocol:
            raise Failure(f"it used {alone['protocol']}")
        told = self._exchange("/te", te=True)
        if told["error"]:
            self.are_sent = alone["trailers"]["sent"]
            return f"no; an error if the user sets it: `{told['error']}`"
        asked = _account(told)
        self.can_set_te = asked["te"] == "trailers"
        self.are_sent = asked["trailers"]["sent"]
        if alone["te"] is not None:
            return f"`{alone['te']}`"
        if not self.speaking.client.sets_fields:
            if self.can_set_te:
                raise Failure("it can set `TE`, but `sets_fields` is not set")
            self.are_sent = True
            return "no, and the user can't set it"
        return "no, but the user can set it" if self.can_set_te else "no; dropped if the user sets it"

    def _trailers(self, export):
        if not self.are_sent:
            return "none is sent"
        which = shown(export["trailers"], EXPORT_TRAILERS)
        return f"{which}: {self._how('reads')}" if which else "**no**"

    def _how(self, what):
        how = getattr(self.speaking.client, what)
        if how is None:
            raise Failure(f"it can, but `{what}` is not set")
        return how

    def _request_trailers(self):
        told = self._exchange("/inspect", trailer=True)
        if told["error"]:
            return f"**no**: `{told['error']}`"
        account = _account(told)
        if account["content"]["length"] != len("hello"):
            raise Failure(f"wrong content arrived: {account}")
        arrived = {"name": "x-sum", "value": "1"} in account["trailers"]
        return f"yes: {self._how('sends')}" if arrived else "**no**"

    def _cut(self):
        for _ in range(TRIES):
            told = self._exchange(self._sending(CUT), te=self.can_set_te)
            # A client may drop what arrived just before the reset, even the header section.
            if told["status"] is not None:
                break
        else:
            raise Failure(f"no response: {told['error']}")
        if told["length"] > len(self.server.part):
            raise Failure(f"more bytes arrived than were sent: {told['length']}")
        if told["sha256"] != _sha256(self.server.part[:told["length"]]):
            raise Failure(f"the {told['length']} bytes that arrived are not those that were sent")
        # The amount depends on timing and is not a result.
        self.came = f"{told['length']} of {len(self.server.part)} bytes"
        if told["error"] is None:
            return f"**no**: {told.get('hint') or 'it looks complete'}"
        return f"yes: `{told['error']}`"

    def _sending(self, target):
        """The target, with which the server sends trailers also to a client that can't ask for them."""
        return target if self.speaking.client.sets_fields else f"{target}&trailers=without_te"

    def _digest(self, export):
        if not self.speaking.client.sets_fields:
            # The server has no wrong digest for it.
            return "yes" if dict(export["trailers"]).get("content-digest") == f"sha-256=:{export['sha256']}:" else "**no**"
        wrong = self._exchange(WRONG_DIGEST, te=self.can_set_te)
        if wrong["error"]:
            raise Failure(f"incomplete content: {wrong['error']}")
        said, said_wrong = (dict(told["trailers"]).get("content-digest") for told in (export, wrong))
        if said is None:
            return "**no**"
        fits = said == f"sha-256=:{export['sha256']}:"
        if not fits or said_wrong is None or said_wrong == f"sha-256=:{wrong['sha256']}:":
            raise Failure(f"it shows wrong digests: {said}, {said_wrong}")
        return "yes"

    def _run_shortest(self, export):
        """Checks that it prints the count, from a trailer or from the content, or its part of `Server-Timing`."""
        printed = self.speaking.shortest(self.server.origin + self._sending(LONG_EXPORT))
        sees = dict(export["trailers"])
        if "x-row-count" in sees or self.speaking.client.reads is None:
            expected = LONG_ROWS
        elif sees:
            expected = "total"
        else:
            return
        if not prints(expected, printed):
            raise Failure(f"its shortest code does not print {expected}: {printed}")


def shown(trailers, sent):
    """Which of the sent trailers a client shows: all, some or none."""
    fields = dict(trailers)
    if fields.get("x-row-count", str(ROWS)) != str(ROWS):
        raise Failure(f"wrong row count: {trailers}")
    seen = [name for name in sent if name in fields]
    if len(seen) == len(sent):
        return "yes"
    return "**only " + ", ".join(f"`{name}`" for name in seen) + "**" if seen else None


def prints(expected, printed):
    return re.search(rf"\b{expected}\b", printed) is not None


def _account(told):
    if told["error"]:
        raise Failure(f"it fails: {told['error']}")
    if told["length"] > TEXT:
        raise Failure(f"{told['length']} bytes of JSON, of which the probe reports {TEXT}")
    return json.loads(told["text"])


def _sha256(content):
    return base64.b64encode(hashlib.sha256(content).digest()).decode()

"""What a gRPC client is asked. Its questions are those of `questions`, as far as gRPC lets it answer them."""

from questions import EXPORT_TRAILERS, ROWS, Row
from recorder import record
from tools import Failure


class Calls:
    """A gRPC client, and a server."""

    def __init__(self, speaking, server):
        self.speaking, self.server = speaking, server
        self.names = []
        self.came = ""

    def row(self):
        client = self.speaking.client
        whole = self._told("export", self.server.origin, ROWS)
        if whole["error"] or whole["messages"] != ROWS:
            raise Failure(f"another export came: {whole}")
        self.names = whole["names"]
        te, request_trailers = self._request()
        trailers = self._trailers(whole)
        printed = self.speaking.shortest(_address(self.server.origin))
        if str(ROWS) not in printed:
            raise Failure(f"its shortest code does not print {ROWS}: {printed}")
        if "content-digest" in dict(whole["trailers"]):
            raise Failure("the service sends a digest now: ask whether it fits")
        return Row(
            client.name, client.version, self.speaking.protocol, trailers, te, request_trailers, self._cut(),
            "none is sent to it",
        )

    def _told(self, what, origin, *arguments):
        return self.speaking.told(what, _address(origin), *map(str, arguments))

    def _trailers(self, whole):
        seen = [name for name in EXPORT_TRAILERS if name in dict(whole["trailers"])]
        if "x-row-count" not in seen:
            return "**no**"
        return f"yes: {self.speaking.client.reads}"

    def _request(self):
        """What its request has of `TE` and of trailers."""
        with record(self.server.certificate, self.server.key) as recording:
            told = self._told("call", recording.origin, "/recorder/End")
        if told["error"] or ["x-sum", "1"] not in told["trailers"]:
            raise Failure(f"it does not see the end of a call: {told}")
        te = recording.headers.get("te")
        sent = ", ".join(f"`{name}`" for name in recording.trailers)
        return f"`{te}`" if te else "no", f"yes: {sent}" if sent else "**no**"

    def _cut(self):
        told = self._told("export", self.server.origin, 2 * ROWS, ROWS + 1)
        with record(self.server.certificate, self.server.key) as recording:
            reset = self._told("call", recording.origin, "/recorder/Reset")
        if told["error"] is None or reset["error"] is None:
            return "**no**: it looks whole"
        self.came = f"{told['messages']} of {ROWS} rows"
        if told["messages"] != ROWS:
            raise Failure(f"{self.came} came before the failure")
        details = " with its details" if told["info"].get("rows") == str(ROWS) else ""
        return f"yes: `{told['error']}`{details}; where it is a reset, `{reset['error']}`"


def _address(origin):
    return origin.removeprefix("https://")

"""The questions for a gRPC client: those of `questions`, as far as gRPC can answer them."""

from questions import EXPORT_TRAILERS, ROWS, Row, prints, shown
from tools import Failure

# The service sends no digest.
CALL_TRAILERS = tuple(name for name in EXPORT_TRAILERS if name != "content-digest")


class Calls:
    """A gRPC client, a server, and a recorder that takes requests instead of the server."""

    def __init__(self, speaking, server, record):
        self.speaking, self.server, self.record = speaking, server, record
        self.names = []
        self.came = ""

    def row(self):
        client = self.speaking.client
        whole = self._told("export", self.server.origin, ROWS)
        if whole["error"] or whole["messages"] != ROWS:
            raise Failure(f"wrong export: {whole}")
        self.names = whole["names"]
        te, request_trailers = self._request()
        trailers = self._trailers(whole)
        printed = self.speaking.shortest(_address(self.server.origin))
        if not prints(ROWS, printed):
            raise Failure(f"its shortest code does not print {ROWS}: {printed}")
        if "content-digest" in dict(whole["trailers"]):
            raise Failure("the service sends a digest now: compare it with the content")
        return Row(
            client.name, client.version, self.speaking.protocol, trailers, te, request_trailers, self._cut(),
            "no digest is sent",
        )

    def _told(self, what, origin, *arguments):
        return self.speaking.told(what, _address(origin), *map(str, arguments))

    def _trailers(self, whole):
        which = shown(whole["trailers"], CALL_TRAILERS)
        return f"{which}: {self.speaking.client.reads}" if which else "**no**"

    def _request(self):
        """The `TE` and the trailers of its request."""
        with self.record(self.server.certificate, self.server.key) as recording:
            told = self._told("call", recording.origin, "/recorder/End")
        if told["error"] or ["x-sum", "1"] not in told["trailers"]:
            raise Failure(f"it does not show the end of a call: {told}")
        te = recording.headers.get("te")
        return f"`{te}`" if te else "no", self._metadata(recording)

    def _metadata(self, recording):
        """Where the metadata of a call is sent: a user has no other way to send a field."""
        if recording.trailers.get("x-sum") == "1":
            return "yes: `metadata`"
        if recording.headers.get("x-sum") != "1":
            raise Failure(f"its metadata did not arrive: {recording}")
        return "**no**: `metadata` becomes header fields"

    def _cut(self):
        told = self._told("export", self.server.origin, 2 * ROWS, ROWS + 1)
        with self.record(self.server.certificate, self.server.key) as recording:
            reset = self._told("call", recording.origin, "/recorder/Reset")
        if told["error"] is None or reset["error"] is None:
            return "**no**: it looks complete"
        self.came = f"{told['messages']} of {ROWS} rows"
        if told["messages"] != ROWS:
            raise Failure(f"{self.came} arrived before the failure")
        details = " with details" if told["info"].get("rows") == str(ROWS) else ""
        return f"yes: `{told['error']}`{details}; `{reset['error']}` after a reset"


def _address(origin):
    return origin.removeprefix("https://")

"""Exchanges over HTTP/3 with aioquic.

    async with connected("localhost", 3000, "cert.pem") as client:
        response = await client.exchange("GET", "/te", trailers=[("x-sum", "1")])
"""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aioquic.asyncio.client import connect
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.h3.connection import H3_ALPN, ErrorCode, H3Connection
from aioquic.h3.events import DataReceived, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import ConnectionTerminated, StreamReset

# For a response, in seconds.
LIMIT = 20


@dataclass
class Response:
    """What arrives on a request stream."""

    # The fields of interim responses, in order.
    interim: list = field(default_factory=list)
    # Those of the header and the trailer section, without `:status`. Repeated names stay in order.
    fields: list = field(default_factory=list)
    trailers: list = field(default_factory=list)
    status: int | None = None
    content: bytes = b""
    # How the stream or the connection failed.
    error: str | None = None

    def add(self, event):
        if isinstance(event, DataReceived):
            self.content += event.data
            return
        section = [(name.decode(), value.decode("latin-1")) for name, value in event.headers]
        status = dict(section).get(":status")
        if status is None:
            self.trailers = section
        elif status.startswith("1"):
            self.interim.append(section[1:])
        else:
            self.status, self.fields = int(status), section[1:]


class Client(QuicConnectionProtocol):
    """A connection to an HTTP/3 server."""

    def __init__(self, *arguments, **more):
        super().__init__(*arguments, **more)
        self.http = H3Connection(self._quic)
        # Of the server, with its port.
        self.authority = None
        # Why the connection has ended.
        self.ended = None
        self._responses = {}
        self._waiting = {}

    @property
    def quic(self):
        return self._quic

    def open(self):
        """A new request stream: its id."""
        stream = self._quic.get_next_available_stream_id()
        self._responses[stream] = Response()
        self._waiting[stream] = self._loop.create_future()
        # So that the id is used, and the next one is another.
        self._quic.send_stream_data(stream, b"")
        return stream

    async def response(self, stream):
        """What has arrived until the stream has ended."""
        self.transmit()
        await asyncio.wait([self._waiting[stream]], timeout=LIMIT)
        self._end(stream, f"no end within {LIMIT} s")
        return self._responses[stream]

    async def begun(self, stream):
        """Waits for the first section of a response, which may be an interim one."""
        self.transmit()
        response = self._responses[stream]
        for _ in range(100 * LIMIT):
            if response.interim or response.status or self._waiting[stream].done():
                break
            await asyncio.sleep(0.01)

    def head(self, method, target, fields=()):
        """The header section of a request."""
        pseudo = [(":method", method), (":scheme", "https"), (":authority", self.authority), (":path", target)]
        return _encoded([*pseudo, *fields])

    async def exchange(self, method, target, fields=(), content=b"", trailers=(), awaits=False):
        """Sends a request, and returns its response. With `awaits`, the content waits for an interim response."""
        stream = self.open()
        self.http.send_headers(stream, self.head(method, target, fields), end_stream=not (content or trailers))
        if awaits:
            await self.begun(stream)
        if content:
            self.http.send_data(stream, content, end_stream=not trailers)
        if trailers:
            self.http.send_headers(stream, _encoded(trailers), end_stream=True)
        return await self.response(stream)

    def quic_event_received(self, event):
        if isinstance(event, ConnectionTerminated):
            self.ended = f"the connection was closed with {named(event.error_code)}: {event.reason_phrase}"
            for stream in self._waiting:
                self._end(stream, self.ended)
        elif isinstance(event, StreamReset) and event.stream_id in self._responses:
            self._end(event.stream_id, f"the stream was reset with {named(event.error_code)}")
        for received in self.http.handle_event(event):
            if isinstance(received, (DataReceived, HeadersReceived)) and received.stream_id in self._responses:
                self._responses[received.stream_id].add(received)
                if received.stream_ended:
                    self._end(received.stream_id)

    def _end(self, stream, error=None):
        if not self._waiting[stream].done():
            self._responses[stream].error = error
            self._waiting[stream].set_result(None)


@asynccontextmanager
async def connected(host, port, certificate, **more):
    """A client of a server with this certificate. `more` is for aioquic's `QuicConfiguration`."""
    # A large window, so that a script in Python is not slower than it must be.
    settings = {"max_data": 16 << 20, "max_stream_data": 16 << 20} | more
    configuration = QuicConfiguration(is_client=True, alpn_protocols=H3_ALPN, server_name=host, **settings)
    configuration.load_verify_locations(certificate)
    # It tries only the first address of a name, and servers here listen on this one.
    address = "127.0.0.1" if host == "localhost" else host
    async with connect(address, port, configuration=configuration, create_protocol=Client) as client:
        client.authority = f"{host}:{port}"
        yield client


def named(code):
    """An error code by its name, such as `H3_INTERNAL_ERROR`."""
    return next((known.name for known in ErrorCode if known == code), f"{code:#x}")


def _encoded(section):
    return [(name.encode(), value.encode("latin-1")) for name, value in section]

"""What the shortest program lacks: a digest, handlers that fail, and the trailers of a request."""

import asyncio
import base64
import hashlib

from aioquic.asyncio import QuicConnectionProtocol, serve
from aioquic.h3.connection import H3_ALPN, ErrorCode, H3Connection
from aioquic.h3.events import DataReceived, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration

CONTENT = b"hello\n"
DIGEST = b"sha-256=:" + base64.b64encode(hashlib.sha256(CONTENT).digest()) + b":"
TRAILERS = [(b"content-digest", DIGEST), (b"x-sum", b"1")]
ANNOUNCEMENT = (b"trailer", b"content-digest, x-sum")


class Server(QuicConnectionProtocol):
    def __init__(self, *arguments, **more):
        super().__init__(*arguments, **more)
        self.http = H3Connection(self._quic)
        # The sections of each request.
        self.sections = {}

    def quic_event_received(self, event):
        for received in self.http.handle_event(event):
            if isinstance(received, HeadersReceived):
                self.sections.setdefault(received.stream_id, []).append(received.headers)
            if isinstance(received, (DataReceived, HeadersReceived)) and received.stream_ended:
                head, *trailers = self.sections.pop(received.stream_id)
                self.answer(received.stream_id, dict(head)[b":path"], trailers)

    def answer(self, stream, path, trailers):
        if path == b"/inspect":
            lines = [b"%s: %s\n" % field for section in trailers for field in section]
            self.send(stream, [], b"".join(lines), [])
        elif path == b"/dies":
            self.send(stream, [(b"trailer", b"x-sum")], b"x" * 4096, None)
            raise RuntimeError("the handler fails")
        elif path == b"/resets":
            self.send(stream, [(b"trailer", b"x-sum")], b"x" * 4096, None)
            self.transmit()
            self._quic.reset_stream(stream, ErrorCode.H3_INTERNAL_ERROR)
        else:
            self.send(stream, [ANNOUNCEMENT] if path == b"/announced" else [], CONTENT, TRAILERS)

    def send(self, stream, fields, content, trailers):
        """Sends a response, which does not end without a list of trailers."""
        self.http.send_headers(stream, [(b":status", b"200"), *fields])
        self.http.send_data(stream, content, end_stream=trailers == [])
        if trailers:
            self.http.send_headers(stream, trailers, end_stream=True)


async def main():
    configuration = QuicConfiguration(is_client=False, alpn_protocols=H3_ALPN)
    configuration.load_cert_chain("cert.pem", "key.pem")
    await serve("127.0.0.1", 8443, configuration=configuration, create_protocol=Server)
    await asyncio.Event().wait()


asyncio.run(main())

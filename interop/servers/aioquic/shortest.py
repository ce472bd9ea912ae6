import asyncio

from aioquic.asyncio import QuicConnectionProtocol, serve
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import DataReceived, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration


class Server(QuicConnectionProtocol):
    def __init__(self, *arguments, **more):
        super().__init__(*arguments, **more)
        self.http = H3Connection(self._quic)

    def quic_event_received(self, event):
        for received in self.http.handle_event(event):
            if isinstance(received, (DataReceived, HeadersReceived)) and received.stream_ended:
                stream = received.stream_id
                self.http.send_headers(stream, [(b":status", b"200"), (b"trailer", b"x-sum")])
                self.http.send_data(stream, b"hello\n", end_stream=False)
                self.http.send_headers(stream, [(b"x-sum", b"1")], end_stream=True)


async def main():
    configuration = QuicConfiguration(is_client=False, alpn_protocols=H3_ALPN)
    configuration.load_cert_chain("cert.pem", "key.pem")
    await serve("127.0.0.1", 8443, configuration=configuration, create_protocol=Server)
    await asyncio.Event().wait()


asyncio.run(main())

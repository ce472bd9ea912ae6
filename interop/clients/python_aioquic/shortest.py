import asyncio
import os
import sys
from urllib.parse import urlsplit

from aioquic.asyncio import QuicConnectionProtocol, connect
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import DataReceived, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import ConnectionTerminated, StreamReset


class Client(QuicConnectionProtocol):
    def __init__(self, *arguments, **more):
        super().__init__(*arguments, **more)
        self.http, self.ended = H3Connection(self._quic), self._loop.create_future()

    async def get(self, url):
        target = f"{url.path}?{url.query}"
        head = {":method": "GET", ":scheme": "https", ":authority": url.netloc, ":path": target, "te": "trailers"}
        fields = [(name.encode(), value.encode()) for name, value in head.items()]
        self.http.send_headers(self._quic.get_next_available_stream_id(), fields, end_stream=True)
        self.transmit()
        return await self.ended

    def quic_event_received(self, event):
        if isinstance(event, (ConnectionTerminated, StreamReset)) and not self.ended.done():
            self.ended.set_result("the transfer was cut")
        for received in self.http.handle_event(event):
            fields = dict(received.headers) if isinstance(received, HeadersReceived) else {}
            if fields and b":status" not in fields:
                print(fields[b"x-row-count"].decode())
            if isinstance(received, (DataReceived, HeadersReceived)) and received.stream_ended:
                self.ended.set_result(None)


async def main(url):
    configuration = QuicConfiguration(is_client=True, alpn_protocols=H3_ALPN)
    configuration.load_verify_locations(os.environ["SSL_CERT_FILE"])
    async with connect(url.hostname, url.port, configuration=configuration, create_protocol=Client) as client:
        return await client.get(url)


sys.exit(asyncio.run(main(urlsplit(sys.argv[1]))))

"""One exchange with aioquic."""

import asyncio
import os
from urllib.parse import urlsplit

import aioquic.h3.connection
import aioquic.h3.events

from exchange import Exchange, arguments, names
from over_http3 import connected

url, _protocol, te, trailer = arguments()
parts = urlsplit(url)
head = [
    (":method", "POST" if trailer else "GET"),
    (":scheme", "https"),
    (":authority", parts.netloc),
    (":path", f"{parts.path}?{parts.query}"),
]
if te:
    head.append(("te", "trailers"))
if trailer:
    head.append(("trailer", "x-sum"))


async def main():
    async with connected(parts.hostname, parts.port, os.environ["SSL_CERT_FILE"]) as client:
        if trailer:
            return await client.exchange(head, b"hello", [("x-sum", "1")])
        return await client.exchange(head)


response = asyncio.run(main())
Exchange(
    status=response.status, content=response.content, trailers=response.trailers, error=response.error,
    names=names(aioquic.h3.connection.H3Connection, aioquic.h3.events),
).tell()

"""One exchange with aioquic."""

import asyncio
import os
from urllib.parse import urlsplit

import aioquic.h3.connection
import aioquic.h3.events

from exchange import Exchange, arguments, names, request
from over_http3 import connected

url, _protocol, te, trailer = arguments()
parts = urlsplit(url)
content = (b"hello", [("x-sum", "1")]) if trailer else ()


async def main():
    async with connected(parts.hostname, parts.port, os.environ["SSL_CERT_FILE"]) as client:
        return await client.exchange(*request(url, te, trailer), *content)


response = asyncio.run(main())
Exchange(
    status=response.status, content=response.content, trailers=response.trailers, error=response.error,
    names=names(aioquic.h3.connection.H3Connection, aioquic.h3.events),
).tell()

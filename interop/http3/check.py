"""Runs the tests of `run`: `check.py BINARY [--short]`."""

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

import download
import malformed
import routes
import uploads
import with_curl
from over_http3 import connected
from tools import Failure, run_main
from workbench import serve

SHORT = 64 * download.MIB
LONG = 1024 * download.MIB


def main(binary, *options):
    with serve(Path(binary).resolve(), "--allow-upload") as server:
        print("ok:", download.check(server, SHORT if "--short" in options else LONG), flush=True)
        asyncio.run(_with_aioquic(server))
        if b"panicked" in server.log():
            raise Failure("the server panicked")


async def _with_aioquic(server):
    url = urlsplit(server.url)

    def connection(**more):
        return connected(url.hostname, url.port, with_curl.CERTIFICATE, **more)

    async with connection() as client:
        print("ok:", await uploads.check(client), flush=True)
    print("ok:", await routes.check(server, connection), flush=True)
    print("ok:", await malformed.check(connection), flush=True)


if __name__ == "__main__":
    run_main(main)

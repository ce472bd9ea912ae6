"""The questions for a proxy whose clients speak HTTP/3, and its answers."""

import asyncio
import json

import with_curl
from over_http3 import connected
from tools import Failure

TE = ("te", "trailers")
TRAILERS = "/trailers?x-sum=1"
SLOW = "/answer?prompt=trailers&words=3&delay=200"
LONG = "/bytes/100?trailers=long"

# Responses that are cut: by a reset of the stream or of the TCP connection, by its end, and by less than `Content-Length`.
CUTS = {kind: f"/bytes/2000?chunk=250&delay=25&{fault}" for kind, fault in (
    ("reset", "break=reset"), ("close", "break=close"), ("short", "length=short"),
)}


async def answers(port, also_curl):
    """By question."""
    asked = Asked(port, also_curl)
    return {
        "protocol": await asked.protocol(),
        "te": await asked.te(),
        "with TE": await asked.trailers([TE]),
        "without TE": await asked.trailers([]),
        "request trailers": await asked.request_trailers(),
    } | {f"cut-{kind}": await asked.cut(target) for kind, target in CUTS.items()}


class Asked:
    """A proxy on this port. With `also_curl`, libcurl must get the same."""

    def __init__(self, port, also_curl):
        self._port, self._also_curl = port, also_curl

    async def _exchange(self, method, target, fields=(), content=b"", trailers=()):
        async with connected("localhost", self._port, with_curl.CERTIFICATE) as client:
            return await client.exchange(method, target, fields, content, trailers)

    async def _account(self, method, target, *more):
        response = await self._exchange(method, target, *more)
        if response.error or response.status != 200:
            raise Failure(f"{response.status} from {target}: {response.error}")
        return json.loads(response.content)

    async def protocol(self):
        """That of the request which arrives at the origin."""
        return (await self._account("GET", "/te"))["protocol"]

    async def te(self):
        """Whether a client's `TE: trailers` arrives, and whether the proxy adds it."""
        with_te = (await self._account("GET", "/te", [TE]))["te"]
        without_te = (await self._account("GET", "/te"))["te"]
        known = {(None, None): "stripped", ("trailers", None): "arrives", ("trailers", "trailers"): "added"}
        return known.get((with_te, without_te), f"{with_te}, {without_te}")

    async def trailers(self, fields):
        """Which trailers of responses arrive: of short ones, of slow ones, and fields of 8 KiB."""
        found = {}
        for kind, target, name in (("short", TRAILERS, "x-sum"), ("slow", SLOW, "x-usage-output-tokens"), ("8 KiB", LONG, "x-long")):
            response = await self._exchange("GET", target, fields)
            found[kind] = self._arrival(response, name)
            if kind == "short" and self._also_curl:
                await self._compare(response, target, fields)
        failing = {kind: outcome for kind, outcome in found.items() if outcome != "yes"}
        if not failing or len(set(found.values())) == 1:
            return found["short"]
        return "yes, but not " + ", ".join(f"{kind} ({outcome})" for kind, outcome in failing.items())

    async def _compare(self, response, target, fields):
        url = f"https://localhost:{self._port}{target}"
        other = await asyncio.to_thread(with_curl.exchange, "HTTP/3", "GET", url, fields)
        if (other.status, other.trailers, other.error) != (response.status, response.trailers, response.error):
            raise Failure(f"libcurl gets {other}, and aioquic {response}")

    @staticmethod
    def _arrival(response, name):
        if response.error or response.status != 200:
            return "the response breaks"
        if name in dict(response.trailers):
            return "yes"
        return "dropped, and `Trailer` stays" if "trailer" in dict(response.fields) else "no"

    async def request_trailers(self):
        announced = [("trailer", "x-sum")]
        response = await self._exchange("POST", "/inspect", announced, b"hello", [("x-sum", "1")])
        if response.error or response.status != 200:
            return "the request fails"
        account = json.loads(response.content)
        if account["content"]["length"] != len("hello"):
            return "the content is lost as well"
        if any(field["name"] == "x-sum" for field in account["headers"]):
            return "merged into the header section"
        return "yes" if {"name": "x-sum", "value": "1"} in account["trailers"] else "stripped"

    async def cut(self, target):
        """What a client gets of a response that the origin breaks off."""
        response = await self._exchange("GET", target, [TE])
        if response.error is None:
            return "complete"
        return "hangs" if response.error.startswith("no end") else "an error"

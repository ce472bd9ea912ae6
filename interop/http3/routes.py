"""Each route of the workbench over HTTP/3, by libcurl and by aioquic, compared with what libcurl gets over HTTP/2. All requests
have `TE: trailers`, because over HTTP/3 others get no trailers."""

import asyncio
import json
import re

import with_curl
from tools import Failure

# Requests beside the examples of `GET /help`: a method, a target, fields, and content if there is some.
MORE = [
    ("GET", "/bytes/100?trailers=unannounced", [], None),
    ("GET", "/bytes/100?trailers=announced_only", [], None),
    ("GET", "/bytes/100?trailers=without_te", [], None),
    ("GET", "/bytes/100?trailers=long", [], None),
    ("GET", "/bytes/100?length=exact", [], None),
    ("GET", "/bytes/100?length=short", [], None),
    ("GET", "/bytes/100?chunk=10&delay=20&break=reset", [], None),
    ("GET", "/bytes/100?chunk=10&delay=20&break=reset&break_at=trailers", [], None),
    ("GET", "/bytes/100?break=reset&break_at=head", [], None),
    ("GET", "/bytes/0", [], None),
    ("GET", "/bytes/1000000", [], None),
    ("GET", "/export/orders?limit=20&fail_at=11", [], None),
    ("GET", "/export/orders?limit=20&fail_at=11&fail=trailer", [], None),
    ("GET", "/export/orders?limit=5&metadata=body", [], None),
    ("GET", "/files/hello.txt", [("range", "bytes=1-3")], None),
    ("GET", "/files/hello.txt", [("range", "bytes=9-")], None),
    ("GET", "/files/hello.txt", [("if-modified-since", "Tue, 01 Dec 2099 00:00:00 GMT")], None),
    ("GET", "/files/nothing.txt", [], None),
    ("GET", "/trailers?transfer-encoding=chunked", [], None),
    ("GET", "/bytes/100?chunk=0", [], None),
    ("GET", "/nothing", [], None),
    ("DELETE", "/te", [], None),
    ("OPTIONS", "/te", [], None),
    ("GET", "/help", [("accept", "text/html")], None),
    ("GET", "/", [("accept", "text/html")], None),
    ("POST", "/echo", [], b"0123456789" * 10_000),
    ("POST", "/echo", [], b""),
    ("PUT", "/files/wrong.txt", [("content-digest", "sha-256=:AAAA:")], b"hello"),
]

HELLO_DIGEST = ("content-digest", "sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:")

WITH_TRAILERS = "/trailers?x-color=blue"

# Most of the time, requests wait.
AT_ONCE = 6

# What identifies a response or a moment. `Alt-Svc` belongs on responses over TCP.
MOMENTARY = {"date", "x-request-id", "x-export-id", "last-modified", "etag", "alt-svc"}

# Their content has times and identifiers, and so a length of its own.
ACCOUNTS = ("/te", "/inspect", "/seen/", "/exports/")

# What differs in content and trailers: the protocol, times, and what comes from them.
MASKS = [
    (r"HTTP/3", "HTTP/2"),
    (r'"h3"', '"h2"'),
    (r'"why": "[^"]*"', '"why": ""'),
    (r"\b(dur|elapsed_ms|ms)=[\d.]+", r"\1=0"),
    (r"\b\d{1,9}\.\d+(e-\d+)?", "0"),
    (r"[0-9a-f]{16}(-\d+)?", "ID"),
    # Fields that a client adds by itself, and `Alt-Svc` in a record.
    (r'\{\s*"name": "(user-agent|content-length|accept)",\s*"value": "[^"]*"\s*\},?\s*', ""),
    (r'\[\s*"alt-svc",\s*"(\\.|[^"])*"\s*\],?\s*', ""),
    (r",?\s*\]", "]"),
    (r"\s+", " "),
]


async def check(server, connection):
    """`connection` makes one of aioquic."""
    listed = json.loads(with_curl.exchange("HTTP/2", "GET", f"{server.url}/help", [("accept", "application/json")]).content)
    asked = [_example(route) for route in listed["routes"]] + MORE
    asked += [("HEAD", target, fields, None) for method, target, fields, _ in asked if method == "GET"]
    some = asyncio.Semaphore(AT_ONCE)
    over_http2, by_curl, by_aioquic = _by_curl("HTTP/2", server), _by_curl("HTTP/3", server), _by_aioquic(connection)

    async def differences(method, target, fields, content):
        # aioquic takes a response to HEAD with `Content-Length` for one whose content is too short.
        others = {"libcurl": by_curl} if method == "HEAD" else {"libcurl": by_curl, "aioquic": by_aioquic}
        ignored = MOMENTARY | {"content-length"} if target.startswith(ACCOUNTS) else MOMENTARY
        async with some:
            fields = [*fields, ("te", "trailers")]
            expected = await _answer(over_http2, method, target, fields, content)
            return [
                f"{method} {target} {fields} by {name}: {what}"
                for name, ask in others.items()
                for what in _differences(await _answer(ask, method, target, fields, content), expected, ignored)
            ]

    for name in ("Cargo.toml", "hello.txt"):
        stored = with_curl.exchange("HTTP/2", "PUT", f"{server.url}/files/{name}", [HELLO_DIGEST], b"hello")
        if stored.status != 201:
            raise Failure(f"{stored.status} to an upload over HTTP/2: {stored.content}")
    failures = sum(await asyncio.gather(*(differences(*request) for request in asked)), [])
    if failures:
        raise Failure("\n  ".join(["over HTTP/3 it is not as over HTTP/2:", *failures]))
    for response in [await by_curl("GET", WITH_TRAILERS, [], None), await by_aioquic("GET", WITH_TRAILERS, [], None)]:
        if response.status != 200 or response.trailers or "trailer" in dict(response.fields):
            raise Failure(f"without `TE: trailers`, {WITH_TRAILERS} has {response}")
    return f"{len(listed['routes'])} routes give the same over HTTP/3 as over HTTP/2, in {len(asked)} requests"


def _example(route):
    example = route["example"]
    fields = [(field["name"], field["value"]) for field in example["fields"]]
    content = example["content"]
    return route["method"], example["target"], fields, None if content is None else content.encode()


def _by_curl(protocol, server):
    async def ask(method, target, fields, content):
        return await asyncio.to_thread(with_curl.exchange, protocol, method, f"{server.url}{target}", fields, content)

    return ask


def _by_aioquic(connection):
    async def ask(method, target, fields, content):
        # As libcurl does by itself.
        added = [] if content is None else [("content-length", str(len(content)))]
        if "accept" not in dict(fields):
            added.append(("accept", "*/*"))
        # For each request, because it closes the connection if it takes a response for a malformed one.
        async with connection() as client:
            return await client.exchange(method, target, [*fields, *added], content or b"")

    return ask


async def _answer(ask, method, target, fields, content):
    if "{id}" in target:
        # That of another response over the same protocol.
        of, name = {"/exports/{id}": ("/export/orders?limit=3", "x-export-id")}.get(target, (WITH_TRAILERS, "x-request-id"))
        target = target.replace("{id}", dict((await ask("GET", of, [("te", "trailers")], None)).fields)[name])
    return await ask(method, target, fields, content)


def _differences(found, expected, ignored):
    # aioquic drops what has arrived together with an error.
    names = ["error"] if found.error and expected.error and found.status is None else []
    for name in names or ("status", "interim", "fields", "trailers", "content", "error"):
        if getattr(found, name) == getattr(expected, name):
            continue
        here, there = _comparable(found, name, ignored), _comparable(expected, name, ignored)
        if here != there:
            yield f"{name}: {here!r} instead of {there!r}"


def _comparable(response, name, ignored):
    if name == "error":
        return response.error is not None
    if name == "content":
        # How much of a cut content arrives depends on the moment.
        return None if response.error else _masked(response.content.decode("latin-1"))
    if name in ("fields", "trailers"):
        return [(field, _masked(value)) for field, value in getattr(response, name) if field not in ignored]
    return getattr(response, name)


def _masked(text):
    for pattern, instead in MASKS:
        text = re.sub(pattern, instead, text)
    return text

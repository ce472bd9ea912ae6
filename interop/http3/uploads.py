"""Uploads by aioquic, with request trailers."""

import base64
import hashlib
import json

from tools import Failure

CONTENT = b"0123456789" * 100_000


async def check(client):
    fields = [("trailer", "content-digest, x-sum"), ("te", "trailers")]
    digest = f"sha-256=:{base64.b64encode(hashlib.sha256(CONTENT).digest()).decode()}:"
    trailers = [("content-digest", digest), ("x-sum", "1"), ("x-sum", "2")]
    for content in (b"", b"hello", CONTENT):
        response = await client.exchange("POST", "/inspect", fields, content, trailers)
        if response.error or response.status != 200:
            raise Failure(f"{response.status} from /inspect: {response.error} {response.content}")
        seen = json.loads(response.content)
        found = [(field["name"], field["value"]) for field in seen["trailers"]]
        if (seen["protocol"], seen["content"]["length"], found) != ("HTTP/3", len(content), trailers):
            raise Failure(f"/inspect does not show what was sent: {response.content.decode()}")
    echoed = await client.exchange("POST", "/echo", fields, CONTENT, trailers)
    expected = [(f"x-echo-{name}", value) for name, value in trailers]
    if echoed.error or echoed.content != CONTENT or echoed.trailers != expected:
        raise Failure(f"/echo does not return what was sent: {echoed.error} {len(echoed.content)} {echoed.trailers}")
    stored = await client.exchange("PUT", "/files/upload", fields, CONTENT, trailers)
    if stored.error or stored.status not in (200, 201, 204):
        raise Failure(f"an upload with a digest trailer is refused: {stored}")
    wrong = [("content-digest", digest.replace(digest[9:13], "AAAA"))]
    refused = await client.exchange("PUT", "/files/wrong", fields, CONTENT, wrong)
    if refused.error or refused.status != 400:
        raise Failure(f"an upload with a wrong digest trailer is not refused: {refused}")
    awaited = await client.exchange("POST", "/inspect", [("expect", "100-continue")], b"hello", awaits=True)
    if awaited.interim != [[]] or awaited.status != 200:
        raise Failure(f"no 100 (Continue): {awaited}")
    return "aioquic sends request trailers that /inspect shows and /echo returns, and uploads with a digest trailer"

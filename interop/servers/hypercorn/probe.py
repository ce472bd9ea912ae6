"""What the shortest programs lack: a digest, handlers that fail, the trailers of a request, and mistakes."""

import base64
import hashlib

from fastapi import FastAPI
from fastapi.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

app = FastAPI()


class WithTrailers(StreamingResponse):
    """Computes the digest of its content while it is sent."""

    async def __call__(self, scope, receive, send):
        sent = "http.response.trailers" in scope.get("extensions", {})
        digest = hashlib.sha256()

        async def with_trailers(message):
            if message["type"] == "http.response.start":
                message["trailers"] = sent
            await send(message)
            if message["type"] == "http.response.body":
                digest.update(message["body"])
                if sent and not message["more_body"]:
                    value = b"sha-256=:" + base64.b64encode(digest.digest()) + b":"
                    await send(trailers((b"content-digest", value), (b"x-sum", b"1")))

        await super().__call__(scope, receive, with_trailers)


class Unchecked(PlainTextResponse):
    """Sends a trailer although the server does not offer it."""

    async def __call__(self, scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"trailer", b"x-sum")], "trailers": True})
        await send({"type": "http.response.body", "body": b"hello\n"})
        await send(trailers((b"x-sum", b"1")))


class InTwoMessages(PlainTextResponse):
    """Sends its trailers in two messages, as the extension permits."""

    async def __call__(self, scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": [], "trailers": True})
        await send({"type": "http.response.body", "body": b"hello\n"})
        await send(trailers((b"x-sum", b"1")) | {"more_trailers": True})
        await send(trailers((b"x-more", b"2")))


def trailers(*fields):
    return {"type": "http.response.trailers", "headers": fields}


async def hello():
    yield "hel"
    yield "lo\n"


async def failing():
    yield "x" * 4096
    raise RuntimeError("the handler fails")


@app.get("/trailers")
async def unannounced():
    return WithTrailers(hello())


@app.get("/announced")
async def announced():
    return WithTrailers(hello(), headers={"Trailer": "Content-Digest, X-Sum"})


@app.get("/dies")
async def dies():
    return WithTrailers(failing(), headers={"Trailer": "X-Sum"})


@app.get("/unchecked")
async def unchecked():
    return Unchecked()


@app.get("/two")
async def in_two_messages():
    return InTwoMessages()


class Inspect:
    """ASGI has no trailers of requests: prints all header fields, among which a server may put them. It is a plain application,
    because FastAPI copies the header fields when a request begins."""

    async def __call__(self, scope, receive, send):
        while (await receive())["more_body"]:
            pass
        lines = [b"%s: %s\n" % field for field in scope["headers"]]
        await PlainTextResponse(b"".join(lines))(scope, receive, send)


app.router.routes.append(Route("/inspect", Inspect()))

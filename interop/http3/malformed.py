"""Malformed requests, written frame by frame, and what RFC 9114 says about each. After each, the server must serve others."""

from dataclasses import dataclass

import pylsqpack
from aioquic.buffer import encode_uint_var
from aioquic.h3.connection import ErrorCode, FrameType, encode_frame
from tools import Failure

STREAM, CONNECTION = "stream", "connection"

CONTENT = b"hello"
TRAILERS = [(b"x-sum", b"1")]

# Fields that belong to a connection of HTTP/1.1 (RFC 9114 §4.2).
SPECIFIC = [(b"connection", b"close"), (b"transfer-encoding", b"chunked"), (b"upgrade", b"h2c"), (b"te", b"gzip")]

# A response that lasts for three seconds.
LONG = "/bytes/30?chunk=1&delay=100"

# A frame type that nothing defines (RFC 9114 §7.2.8).
UNKNOWN = 0x21


@dataclass(frozen=True)
class Case:
    """Frames of a request, and what they must lead to."""

    words: str
    frames: list
    # What fails, and with which codes. Without them, the request is served.
    fails: str | None = None
    codes: tuple = ()
    # Whether the client ends its side.
    ends: bool = True


def section(fields):
    """A HEADERS frame without references to the dynamic table."""
    return encode_frame(FrameType.HEADERS, pylsqpack.Encoder().encode(0, fields)[1])


def data(content):
    return encode_frame(FrameType.DATA, content)


def cases(request):
    """`request` is a header section."""
    method, scheme, authority, path = request
    begin, trailers = section(request), section(TRAILERS)
    of_length = [section([*request, (b"content-length", length)]) for length in (b"4", b"6", b"5")]
    message = (ErrorCode.H3_MESSAGE_ERROR,)
    unexpected = (ErrorCode.H3_FRAME_UNEXPECTED,)
    truncated = (ErrorCode.H3_FRAME_ERROR,)
    return [
        Case("nothing wrong", [begin, data(CONTENT), trailers]),
        Case("empty DATA frames", [begin, data(b""), data(CONTENT), data(b""), trailers]),
        Case("frames of an unknown type", [
            encode_frame(UNKNOWN, b"ignored"), begin, encode_frame(UNKNOWN, b""), data(CONTENT), encode_frame(UNKNOWN, b"!"),
            trailers, encode_frame(UNKNOWN, b"ignored"),
        ]),
        Case("the right content-length", [of_length[2], data(CONTENT), trailers]),
        Case("two trailer sections", [begin, data(CONTENT), trailers, trailers], CONNECTION, unexpected),
        Case("DATA after trailers", [begin, data(CONTENT), trailers, data(CONTENT)], CONNECTION, unexpected),
        Case("an empty DATA frame after trailers", [begin, data(CONTENT), trailers, data(b"")], CONNECTION, unexpected),
        Case("DATA before HEADERS", [data(CONTENT), begin], CONNECTION, unexpected),
        Case("SETTINGS on a request stream", [begin, encode_frame(FrameType.SETTINGS, b"")], CONNECTION, unexpected),
        Case("a frame type of HTTP/2", [begin, encode_frame(0x2, b"12345")], CONNECTION, unexpected),
        Case("PUSH_PROMISE of a client", [begin, encode_frame(FrameType.PUSH_PROMISE, b"\0\0\0")], CONNECTION, unexpected),
        Case("an end within a DATA frame", [begin, data(CONTENT)[:-1]], CONNECTION, truncated),
        Case("an end before the content of a DATA frame", [begin, data(CONTENT)[:2]], CONNECTION, truncated),
        Case("an end within the head of a frame", [begin, data(CONTENT), b"\1"], CONNECTION, truncated),
        Case("an end within the trailer section", [begin, data(CONTENT), trailers[:-1]], CONNECTION, truncated),
        Case("an end within the header section", [begin[:-1]], CONNECTION, truncated),
        Case("a header section that is not QPACK", [encode_frame(FrameType.HEADERS, b"\0\0\xff\xff\xff\xff")], CONNECTION,
             (ErrorCode.QPACK_DECOMPRESSION_FAILED,)),
        Case("a pseudo-field in trailers", [begin, data(CONTENT), section([(b":path", b"/"), *TRAILERS])], STREAM, message),
        Case("an unknown pseudo-field in trailers", [begin, data(CONTENT), section([*TRAILERS, (b":sum", b"1")])], STREAM, message),
        Case("a connection-specific field in trailers", [begin, data(CONTENT), section([(b"connection", b"close")])], STREAM, message),
        Case("an upper-case name in trailers", [begin, data(CONTENT), section([(b"X-Sum", b"1")])], STREAM, message),
        Case("a line end in a trailer", [begin, data(CONTENT), section([(b"x-sum", b"1\r\nx: 2")])], STREAM, message),
        Case("no :path", [section([method, scheme, authority])], STREAM, message),
        Case("two :path", [section([*request, path])], STREAM, message),
        Case("a pseudo-field after others", [section([method, scheme, authority, (b"x", b"1"), path])], STREAM, message),
        Case("an unknown pseudo-field", [section([*request, (b":sum", b"1")])], STREAM, message),
        *(Case(f"a connection-specific field: {name.decode()}", [section([*request, (name, value)])], STREAM, message)
          for name, value in SPECIFIC),
        Case("an upper-case name", [section([*request, (b"X-Sum", b"1")])], STREAM, message),
        Case("more than content-length", [of_length[0], data(CONTENT)], STREAM, message),
        Case("less than content-length", [of_length[1], data(CONTENT)], STREAM, message),
        Case("less than content-length, and trailers", [of_length[1], data(CONTENT), trailers], STREAM, message),
        Case("a content-length that is no number", [section([*request, (b"content-length", b"abc")]), data(CONTENT)], STREAM, message),
        Case("two lengths in one content-length", [section([*request, (b"content-length", b"5, 6")]), data(CONTENT)], STREAM, message),
        Case("two different content-lengths", [
            section([*request, (b"content-length", b"5"), (b"content-length", b"6")]), data(CONTENT),
        ], STREAM, message),
        Case("no header section", [], STREAM, (ErrorCode.H3_REQUEST_INCOMPLETE,)),
    ]


async def check(connection):
    failures = []
    async with connection() as other:
        there = cases(other.head("POST", "/inspect"))
        for case in there:
            if difference := await _difference(case, connection):
                failures.append(f"{case.words}: {difference}")
            served = await other.exchange("GET", "/healthz")
            if served.error or served.status != 200:
                raise Failure(f"after {case.words}, another connection is not served: {served}")
        await _leave(connection)
        served = await other.exchange("GET", "/healthz")
        if served.error or served.status != 200:
            raise Failure(f"after a client has left, another connection is not served: {served}")
    if failures:
        raise Failure("\n  ".join(["malformed requests:", *failures]))
    return f"{len(there)} requests of aioquic, of which {sum(case.fails is not None for case in there)} are malformed"


async def _leave(connection):
    """Closes a connection in the middle of a response."""
    async with connection() as client:
        stream = client.open()
        client.http.send_headers(stream, client.head("GET", LONG), end_stream=True)
        await client.begun(stream)


async def _difference(case, connection):
    async with connection() as client:
        stream = client.open()
        client.quic.send_stream_data(stream, b"".join(case.frames), end_stream=case.ends)
        response = await client.response(stream)
        if case.fails is None:
            return None if response.status == 200 and response.error is None else f"it is not served: {response}"
        return _wrong(case, client, response, await _lives(client))


def _wrong(case, client, response, lives):
    codes = [code.name for code in case.codes]
    if case.fails == CONNECTION:
        if lives:
            return f"the connection lives on instead of {codes}: {response}"
        return None if any(code in client.ended for code in codes) else f"{client.ended} instead of {codes}"
    if not lives:
        return f"the connection is lost instead of the stream: {client.ended}"
    if response.error is None:
        # RFC 9114 §4.1.2 permits an error status before the reset.
        return None if response.status == 400 else f"status {response.status} instead of {codes}: {response.content}"
    return None if any(code in response.error for code in codes) else f"{response.error} instead of {codes}"


async def _lives(client):
    if client.ended:
        return False
    return (await client.exchange("GET", "/healthz")).error is None

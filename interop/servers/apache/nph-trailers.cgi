#!/usr/bin/env python3
"""Trailers, which the script announces or not; `/nph` ends after the first chunk, because the script is killed. Over HTTP/2, Apache
would send the chunked coding as content, so there the script sends the content only.
"""

import base64
import hashlib
import os
import signal
import sys

CONTENT = b"hello\n"
FIRST = b"hello, hello, hello, hello, he\n\n" * 64

path = os.environ["SCRIPT_NAME"]
chunked = os.environ["SERVER_PROTOCOL"] == "HTTP/1.1"
out = sys.stdout.buffer


def send(content):
    out.write(b"%x\r\n%b\r\n" % (len(content), content) if chunked else content)
    out.flush()


out.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n")
if chunked:
    out.write(b"Transfer-Encoding: chunked\r\n")
    if path != "/trailers":
        out.write(b"Trailer: Content-Digest, X-Sum\r\n")
out.write(b"\r\n")
if path == "/nph":
    send(FIRST)
    os.kill(os.getpid(), signal.SIGKILL)
send(CONTENT)
if chunked:
    digest = base64.b64encode(hashlib.sha256(CONTENT).digest())
    out.write(b"0\r\nContent-Digest: sha-256=:%b:\r\nX-Sum: 1\r\n\r\n" % digest)

"""A question that `check` does not ask: do trailers arrive that the origin sends over HTTP/1.1 without being asked for them, as
many servers do? It is asked of proxies as they are installed."""

from tools import finished
from verdicts import CLIENTS, HTTP2, UNASKED, Answer

# In seconds.
LIMIT = 20

TARGET = "/bytes/20?trailers=without_te"
FIELD = "content-digest:"

ARRIVE = Answer("pass", "arrive")
DROPPED = Answer("fail", "dropped")
BROKEN = Answer("fail", "broken")
NOT_POSSIBLE = Answer("unknown", "not-possible")


def answers(client, url, unavailable=()):
    """By question and mode, as of a check: `url` is for a client of this kind."""
    return {(UNASKED, mode): _answer(client, mode, url) for mode in CLIENTS[client] if mode not in unavailable}


def _answer(client, mode, url):
    over_http2 = "--http2" if client == "TLS" else "--http2-prior-knowledge"
    te = ["-H", "TE: trailers"] if mode.endswith("-te") else []
    protocol = over_http2 if mode in HTTP2 else "--http1.1"
    command = ["curl", "-sk", "--max-time", str(LIMIT), protocol, *te, "-D", "-", "-o", "/dev/null", url + TARGET]
    done = finished(command, 2 * LIMIT)
    head, _, trailers = done.stdout.partition("\n\n")
    status = head.partition("\n")[0]
    if " 400" in status:
        # The origin got the request over HTTP/1.0, which has no trailers.
        return NOT_POSSIBLE
    if done.returncode or " 200" not in status:
        return BROKEN
    return ARRIVE if FIELD in trailers.lower() else DROPPED

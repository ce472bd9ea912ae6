"""The table in docs/trailers-with.md, which is made from modes.py."""

import difflib

from markdown import replaced, table
from modes import CLIENTS, PROXIES, REFUSED, Ending
from tools import ROOT, Failure

DOCUMENT = "docs/trailers-with.md"
TITLES = ("Proxy", "Configuration", "To the server", "Clients that get trailers", "A cut response is")


def check_document(write):
    """Compares the table with modes.py, or writes it."""
    path = ROOT / DOCUMENT
    was = path.read_text()
    found = replaced(was, "proxies", table(TITLES, _rows()))
    if write:
        path.write_text(found)
    elif found != was:
        difference = difflib.unified_diff(was.splitlines(True), found.splitlines(True), DOCUMENT, "modes.py")
        raise Failure(f"{DOCUMENT} differs from modes.py; --write updates it\n{''.join(difference)}")


def _rows():
    for proxy, modes in PROXIES.items():
        shown = [mode for mode in modes if not mode.is_as_another]
        for mode in modes:
            if mode.is_as_another and mode.results not in [other.results for other in shown]:
                raise Failure(f"{proxy}, {mode.name}: the table has no mode with the same results")
        for mode in shown:
            yield proxy, mode.name, mode.protocol, _reached(mode), _cut(mode)


def _reached(mode):
    short = _clients(mode.trailers)
    if mode.slow_trailers is None:
        return short
    # The short one of the checks has an unknown length, the slow one a known length.
    slow_ones, short_ones = ("with a length", "without") if mode.trailers == REFUSED else ("slow responses", "short ones")
    chance = "the same, or " * mode.short_ones_vary
    return f"{slow_ones}: {_clients(mode.slow_trailers)}. {short_ones.capitalize()}: {chance}{short}"


def _clients(endings):
    """Which clients get trailers, and what the others get instead, unless it is a response without any."""
    if endings == REFUSED:
        return "505"
    reached = _NAMES[_with(Ending.TRAILERS, endings)]
    instead = [words.format(_NAMES[_with(ending, endings)]) for ending, words in _INSTEAD.items() if ending in endings]
    return f"{reached} ({'; '.join(instead)})" if instead else reached


def _with(ending, endings):
    return tuple(client for client, other in zip(CLIENTS, endings, strict=True) if other is ending)


def _cut(mode):
    over_http1, over_http2 = (_CUTS[mode.cut[CLIENTS.index(client)]] for client in (_PLAIN1, _PLAIN2))
    cut = over_http1 if over_http1 == over_http2 else f"{over_http1} over HTTP/1.1, {over_http2} over HTTP/2"
    return f"{cut}. Short ones can be **complete**" if mode.short_ones_vary else cut


_PLAIN1, _TE1, _PLAIN2, _TE2 = CLIENTS

_NAMES = {
    (): "none",
    (_TE1,): "HTTP/1.1 with `TE: trailers`",
    (_TE2,): "HTTP/2 with `TE: trailers`",
    (_TE1, _TE2): "those that send `TE: trailers`",
    (_TE1, _PLAIN2, _TE2): "HTTP/2, and HTTP/1.1 with `TE: trailers`",
    tuple(CLIENTS): "all",
}

_INSTEAD = {
    Ending.DROPPED_ANNOUNCED: "although `Trailer` arrives",
    Ending.MERGED: "{} gets them in the header section",
    Ending.ERROR: "{} gets an error",
}

_CUTS = {Ending.ERROR: "an error", Ending.COMPLETE: "**complete**", Ending.REFUSED: "refused with 505"}

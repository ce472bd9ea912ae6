"""The checks of a mode, and what they compare."""

import base64
import hashlib

from exchange import INVENTED, balanced, exchange, requests
from modes import CLIENTS, Address, Ending
from tools import Failure

COLORS = [("x-color", "blue"), ("x-color", "green")]
SHORT = "/trailers?x-color=blue&x-color=green"
SLOW = "/bytes/64?chunk=32&delay=100"

# The second fits into no buffer of a fixed size.
SHORT_CUT = "/export/orders?fail_at=6"
LONG_CUT = "/export/orders?fail_at=5001"

# How a proxy responds that notices the cut before it has sent anything.
NOTICED = (502, 503)

IPV6 = "2001:db8::1"

# A compression flag and a length, then `ExportRequest{table: "orders", fail_at: 3}`.
FAILING_CALL = b"\0\0\0\0\n\n\6orders \3"
EMPTY_CALL = b"\0\0\0\0\0"
SERVICE = "/axum_trailers.v1.Exports"


def check(what, seen, expected):
    if seen != expected:
        raise Failure(f"{what}: {seen}, expected: {expected}")


def check_any(what, seen, expected):
    if seen not in expected:
        raise Failure(f"{what}: {seen.value}, expected: {' or '.join(ending.value for ending in expected)}")


class Behind:
    """A server behind a proxy in one mode."""

    def __init__(self, proxy, mode, ports, log, folder):
        self.name, self.mode, self.log, self.folder = f"{proxy}, {mode.name}", mode, log, folder
        self._ports = ports

    def check(self):
        for number, client in enumerate(CLIENTS):
            # Others than the proxy's.
            source = f"127.0.0.{number + 11}"
            self._check_trailers(number, client, source)
            self._check_cut(number, client, source)
            # curl 7.88 fails to reuse a connection over HTTP/2 without TLS.
            if client.protocol == "HTTP/1.1":
                self._check_reused_connection(client, source)
            if client.protocol == "HTTP/2" and client.sends_te and self._protocol(client) == "HTTP/2":
                self._check_calls(client, source)

    def _check_trailers(self, number, client, source):
        short = self.mode.trailers[number]
        slow = (self.mode.slow_trailers or self.mode.trailers)[number]
        for target, name, expected in [(SHORT, "x-color", self._or(short, slow)), (SLOW, "content-digest", {slow})]:
            response, line = self._get(client, source, target)
            ending = _ending(response, line, name)
            what = self._what(client, target, response)
            check_any(what, ending, expected)
            if ending is Ending.TRAILERS:
                sent = COLORS if target == SHORT else [("content-digest", _digest(response.content))]
                check(what, response.trailers, sent)

    def _check_cut(self, number, client, source):
        cut = self.mode.cut[number]
        # A proxy that notices the cut of a short one in time responds with 502 or 503.
        for target, expected in [(SHORT_CUT, self._or(cut, Ending.COMPLETE) | {Ending.ERROR}), (LONG_CUT, {cut})]:
            response, line = self._get(client, source, target)
            ending = Ending.COMPLETE if _is_good(response) else _failure(response)
            # On a busy machine, also that of a long one.
            in_time = {Ending.ERROR} if response.status in NOTICED else set()
            check_any(self._what(client, target, response), ending, expected | in_time)
            if ending is not Ending.REFUSED:
                check(f"{self._what(client, target)} in the log", line["ended"].partition(":")[0], "failed")

    def _or(self, ending, other):
        return {ending, other} if self.mode.short_ones_vary else {ending}

    def _check_reused_connection(self, client, source):
        request_id = requests(client, self._url(client, "/bytes/1"), source, 2)
        for line in self.log.lines(request_id, 2):
            self._check_line(self._what(client, "two requests on a connection"), line, client, source)

    def _check_calls(self, client, source):
        for method, message, status in [("Export", FAILING_CALL, "14"), ("ListTables", EMPTY_CALL, "0")]:
            call = ["-H", "Content-Type: application/grpc", "--data-binary", "@-"]
            response, _ = self._get(client, source, f"{SERVICE}/{method}", *call, content=message)
            seen = dict(response.trailers).get("grpc-status")
            check(f"{self._what(client, method, response)}: grpc-status", seen, status)

    def _get(self, client, source, target, *options, content=b""):
        """The response, and the line in the server's log, which must have the right address."""
        response = exchange(client, self._url(client, target), source, self.folder, *options, sent=content)
        try:
            line = self.log.lines(response.request_id)[0]
        except Failure as failure:
            raise Failure(f"{self._what(client, target, response)}: {failure}") from failure
        self._check_line(self._what(client, target), line, client, source)
        return response, line

    def _check_line(self, what, line, client, source):
        addresses = {Address.CLIENT: source, Address.PROXY: "127.0.0.1", Address.INVENTED: INVENTED}
        check(f"{what}: the client", _host(line["client"]), addresses[self.mode.address])
        peer = "unix" if self.mode.over_unix else "127.0.0.1"
        check(f"{what}: the peer", _host(line["peer"]), peer)
        check(f"{what}: the protocol", line["protocol"], self._protocol(client))

    def _protocol(self, client):
        return client.protocol if self.mode.over_tls else self.mode.protocol

    def _url(self, client, target):
        return f"{'https' if self.mode.over_tls else 'http'}://127.0.0.1:{self._ports[self.mode.of(client)]}{target}"

    def _what(self, client, target, response=None):
        seen = f" ({response.error or response.status})" if response is not None else ""
        return f"{self.name}, {client}, {target}{seen}"


class OverIpv6:
    """A client over IPv6 that comes through a load balancer and a proxy."""

    def __init__(self, name, port, log):
        self.name, self.port, self.log = f"{name}: a client over IPv6", port, log

    def check(self):
        line = self.log.lines(balanced(self.port, IPV6))[0]
        check(self.name, _host(line["client"]), f"[{IPV6}]")


class Refused:
    """A proxy that gets no response from the server."""

    def __init__(self, name, port, folder):
        self.name, self.port, self.folder = f"{name}: refused", port, folder

    def check(self):
        response = exchange(CLIENTS[0], f"http://127.0.0.1:{self.port}/te", "127.0.0.11", self.folder)
        check(f"{self.name}: status", response.status, 502)


class SharedUpstream:
    """Requests over both protocols whose connections are kept together."""

    def __init__(self, name, http2_port, http1_port, folder):
        self.name, self.folder = f"{name}: no response from an upstream of both protocols", folder
        self.ports = http2_port, http1_port

    def check(self):
        urls = [f"http://127.0.0.1:{port}/te" for port in self.ports]
        good = [_is_good(exchange(CLIENTS[0], url, "127.0.0.11", self.folder)) for url in urls]
        check(f"{self.name}: which are good, over HTTP/2 and then over HTTP/1.1", good, [True, False])


def _ending(response, line, name):
    if not _is_good(response):
        return _failure(response)
    if response.trailers:
        return Ending.TRAILERS
    if response.has(name):
        return Ending.MERGED
    if line["trailers"].startswith("withheld"):
        return Ending.WITHHELD
    return Ending.DROPPED_ANNOUNCED if response.has("trailer") else Ending.DROPPED


def _is_good(response):
    return response.exit_code == 0 and response.status == 200


def _failure(response):
    return Ending.REFUSED if response.exit_code == 0 and response.status == 505 else Ending.ERROR


def _host(address):
    """Without its port: `unix` has none."""
    return address.rpartition(":")[0] or address


def _digest(content):
    return f"sha-256=:{base64.b64encode(hashlib.sha256(content).digest()).decode()}:"

"""What is expected behind each proxy, in each mode: some lines of its configuration."""

from dataclasses import dataclass
from enum import Enum


class Ending(Enum):
    """What a client gets of a response with trailers, or of one that the server cuts."""

    TRAILERS = "a response with trailers"
    WITHHELD = "a response without trailers, because the server sends none"
    DROPPED = "a response without trailers, because the proxy drops them"
    DROPPED_ANNOUNCED = "a response with `Trailer`, but without trailers, because the proxy drops them"
    MERGED = "a response with the trailers in its header section"
    COMPLETE = "a complete response"
    ERROR = "an error"
    REFUSED = "a 505"


class Address(Enum):
    """Whose address the server takes for the client's."""

    CLIENT = "the client's"
    PROXY = "the proxy's"
    INVENTED = "the one that the client makes up"


@dataclass(frozen=True)
class Client:
    """How curl sends a request."""

    protocol: str
    sends_te: bool

    def __str__(self):
        return self.protocol + " with TE" * self.sends_te


# The lists below have one expectation for each.
CLIENTS = [Client(protocol, sends_te) for protocol in ("HTTP/1.1", "HTTP/2") for sends_te in (False, True)]

ALL = [Ending.TRAILERS] * 4
NONE = [Ending.WITHHELD] * 4
IF_REQUESTED = [Ending.WITHHELD, Ending.TRAILERS] * 2
IF_REQUESTED_OVER_HTTP1 = [Ending.WITHHELD, Ending.TRAILERS, Ending.WITHHELD, Ending.WITHHELD]
DROPPED = [Ending.DROPPED_ANNOUNCED] * 4
MERGED = [Ending.WITHHELD, Ending.MERGED, Ending.WITHHELD, Ending.ERROR]

ERRORS = [Ending.ERROR] * 4
COMPLETE = [Ending.COMPLETE] * 4
ERRORS_OVER_HTTP1 = [Ending.ERROR] * 2 + [Ending.COMPLETE] * 2

REFUSED = [Ending.REFUSED] * 4


@dataclass(frozen=True)
class Mode:
    # Some of its lines.
    name: str
    # The address in the configuration, and the one for clients over HTTP/2 if it is another one.
    port: int
    # The protocol between the proxy and the server.
    protocol: str
    # What becomes of the trailers of a short response, which has ended when the proxy passes it on.
    trailers: list
    # What becomes of a response that the server cuts.
    cut: list
    # What becomes of the trailers of a slow response, if it is something else.
    slow_trailers: list | None = None
    # Whether short responses end by chance as these lists say, or as slow ones and complete.
    short_ones_vary: bool = False
    http2_port: int | None = None
    over_unix: bool = False
    over_tls: bool = False
    address: Address = Address.CLIENT
    # The plain address of the server.
    server: int = 8080

    def of(self, client):
        """The port for a client."""
        return self.http2_port if client.protocol == "HTTP/2" and self.http2_port else self.port


def nginx(name, port, protocol, trailers, cut=None, **more):
    return Mode(name, port, protocol, trailers, cut or ERRORS, http2_port=port + 1, **more)


def caddy(cut):
    return [
        Mode("`reverse_proxy …`", 8201, "HTTP/1.1", IF_REQUESTED, cut),
        Mode("`header_up TE trailers`", 8202, "HTTP/1.1", ALL, cut),
        Mode("`reverse_proxy h2c://…`", 8203, "HTTP/2", ALL, cut),
        Mode("`unix/…`", 8204, "HTTP/1.1", IF_REQUESTED, cut, over_unix=True),
        Mode("`unix/…`, `versions h2c 2`", 8205, "HTTP/2", ALL, cut, over_unix=True),
    ]


def haproxy(name, port, protocol, trailers, **more):
    return Mode(name, port, protocol, trailers, ERRORS_OVER_HTTP1, **more)


def streaming_lighttpd(name, port, trailers, **more):
    return Mode(name, port, "HTTP/1.1", trailers, ERRORS_OVER_HTTP1, short_ones_vary=True, **more)


# By the proxy's name with the version for which this is true.
PROXIES = {
    "nginx 1.22": [
        nginx("`proxy_pass http://…`", 8101, "HTTP/1.0", NONE),
        nginx("`proxy_http_version 1.1`", 8103, "HTTP/1.1", NONE),
        nginx("`proxy_http_version 1.1`, `proxy_set_header TE trailers`", 8105, "HTTP/1.1", DROPPED),
        nginx("`grpc_pass grpc://…`", 8107, "HTTP/2", ALL),
        nginx(
            "`proxy_pass http://unix:…`", 8109, "HTTP/1.0", REFUSED, REFUSED, slow_trailers=NONE, over_unix=True,
        ),
        nginx("`http://unix:…`, `proxy_http_version 1.1`", 8111, "HTTP/1.1", NONE, over_unix=True),
        nginx("`grpc_pass grpc://unix:…`", 8113, "HTTP/2", ALL, over_unix=True),
        nginx("no `X-Forwarded-For`", 8115, "HTTP/1.0", NONE, address=Address.INVENTED),
    ],
    "Caddy 2.6": caddy(COMPLETE),
    "Caddy 2.11": caddy(ERRORS),
    "HAProxy 2.6": [
        haproxy("`server …`", 8301, "HTTP/1.1", IF_REQUESTED),
        haproxy("`http-request set-header TE trailers`", 8302, "HTTP/1.1", ALL),
        haproxy("`proto h2`", 8303, "HTTP/2", ALL),
        haproxy("`unix@…`", 8304, "HTTP/1.1", IF_REQUESTED, over_unix=True),
        haproxy("`Forwarded`", 8305, "HTTP/1.1", IF_REQUESTED, server=8070),
        haproxy("`send-proxy`", 8306, "HTTP/1.1", IF_REQUESTED, server=8090),
        haproxy("`send-proxy-v2`", 8307, "HTTP/1.1", IF_REQUESTED, server=8090),
        haproxy("`proto h2 send-proxy-v2`", 8308, "HTTP/2", ALL, server=8090),
        haproxy("`ssl alpn h2 send-proxy-v2`", 8309, "HTTP/2", ALL, server=8090),
        Mode(
            "`mode tcp`, `send-proxy-v2`", 8310, "the client's", [Ending.WITHHELD] + [Ending.TRAILERS] * 3, ERRORS,
            over_tls=True, server=8090,
        ),
        haproxy("no `X-Forwarded-For`", 8313, "HTTP/1.1", IF_REQUESTED, address=Address.INVENTED),
        haproxy("untrusted", 8311, "HTTP/1.1", IF_REQUESTED, address=Address.PROXY, server=8060),
    ],
    "Varnish 7.1": [
        Mode("`return (pass)`", 8401, "HTTP/1.1", NONE, ERRORS_OVER_HTTP1),
        Mode("`return (pipe)`", 8402, "HTTP/1.1", IF_REQUESTED_OVER_HTTP1, ERRORS_OVER_HTTP1),
        Mode("`.proxy_header = 2`", 8403, "HTTP/1.1", NONE, ERRORS_OVER_HTTP1, server=8090),
        Mode("`.path`", 8404, "HTTP/1.1", NONE, ERRORS_OVER_HTTP1, over_unix=True),
    ],
    "lighttpd 1.4.69": [
        Mode("`proxy.server = …`", 8501, "HTTP/1.1", MERGED, COMPLETE),
        streaming_lighttpd("`server.stream-response-body = 1`", 8502, MERGED, slow_trailers=IF_REQUESTED),
        streaming_lighttpd('`setenv.set-request-header = ("TE" => "")`', 8503, NONE),
        streaming_lighttpd("`proxy.forwarded`", 8504, NONE, server=8070),
        streaming_lighttpd("`socket`", 8505, NONE, over_unix=True),
    ],
}

"""The paths that are checked: programs, and the ports in their configurations."""

from dataclasses import dataclass
from pathlib import Path

from programs import Program, programs

HERE = Path(__file__).resolve().parent

# A program, and the Debian package that contains it.
PACKAGES = {
    "nginx": "nginx-light",
    "caddy": "caddy",
    "haproxy": "haproxy",
    "varnishd": "varnish",
    "lighttpd": "lighttpd",
    "apache2": "apache2-bin",
    "nghttpx": "nghttp2-proxy",
    "squid": "squid",
}

# Without TLS, nginx 1.22 speaks one protocol on an address.
HTTP1 = ["http1-te", "http1"]
HTTP2 = ["http2-te", "http2"]
ALL = HTTP2 + HTTP1

ORIGIN = 8080


@dataclass(frozen=True)
class Checked:
    # Its name in verdicts.txt.
    name: str
    # The program on whose ports it is.
    program: str
    # The ports of its hops, from the client's side, and the modes in which these are asked.
    asked: list
    # Questions whose answer depends on the moment.
    varies: tuple = ()

    def urls(self, addresses, ports):
        return [f"http://127.0.0.1:{addresses[port]}/" for port in ports]


def one(program, configuration, port, http2_port=None, varies=()):
    asked = [([port], ALL)] if http2_port is None else [([http2_port], HTTP2), ([port], HTTP1)]
    return Checked(f"{program}, {configuration}", program, asked, varies)


def two(configuration, port, nginx):
    return Checked(f"HAProxy 2.6 → nginx 1.22, {configuration}", "HAProxy → nginx", [([port, nginx, ORIGIN], ALL)])


# If lighttpd streams, short responses have ended by chance before it sends their header section.
SHORT_ONES = ("trailers", "timing", "trailers-several", "trailers-repeated", "trailers-long", "trailers-unannounced", "digest", "failure")

CHECKED = [
    one("nginx 1.22", "proxy_pass", 8101, 8102),
    one("nginx 1.22", "proxy_http_version 1.1, TE trailers", 8105, 8106),
    one("nginx 1.22", "grpc_pass", 8107, 8108),
    # Go drops a trailer section of more than 4 KiB, and a TE that is named in Connection.
    one("Caddy 2.6", "reverse_proxy", 8201),
    one("Caddy 2.6", "reverse_proxy h2c", 8203),
    one("HAProxy 2.6", "server", 8301),
    one("HAProxy 2.6", "server proto h2", 8303, varies=("upload-cut",)),
    one("Varnish 7.1", "pass", 8401),
    one("Varnish 7.1", "pipe", 8402),
    # It ends a trailer that it merges into the header section with CR CR LF: curl takes that for a field, hyper for a malformed
    # message.
    one("lighttpd 1.4.69", "proxy.server", 8501),
    one("lighttpd 1.4.69", "stream-response-body", 8502, varies=SHORT_ONES),
    one("Apache 2.4", "ProxyPass http", 8601, varies=("request-trailers", "upload-cut")),
    one("Apache 2.4", "ProxyPass h2c", 8602),
    one("nghttpx 1.52", "backend", 8701),
    one("nghttpx 1.52 h2", "backend proto=h2", 8702),
    one("Squid 5.7", "cache_peer", 8801),
    two("proxy_pass", 8901, 8101),
    two("grpc_pass", 8902, 8107),
    two("del-header TE, grpc_pass", 8903, 8107),
]


def all_programs():
    """By name: those of the directory `plain`, and others. The last one needs the ports of nginx."""
    # Nothing here needs Caddy 2.11, which Debian has not.
    there = {name: program for name, program in programs(Path()).items() if name != "Caddy 2.11"}
    return there | {
        "Apache 2.4": _program("apache.conf", ["apache2", "-v"], ["apache2", "-X", "-d", "{folder}", "-f", "{folder}/apache.conf"], "86"),
        "nghttpx 1.52": _nghttpx("nghttpx.conf"),
        "nghttpx 1.52 h2": _nghttpx("nghttpx_h2.conf"),
        "Squid 5.7": _program("squid.conf", ["squid", "-v"], ["squid", "-N", "-f", "squid.conf"], "88"),
        "HAProxy → nginx": _program("haproxy.cfg", ["haproxy", "-v"], ["haproxy", "-db", "-f", "haproxy.cfg"], "89"),
    }


def _nghttpx(configuration):
    return _program(configuration, ["nghttpx", "--version"], ["nghttpx", f"--conf={{folder}}/{configuration}"], "87")


def _program(configuration, version, command, listens):
    return Program(version, configuration, command, listens, HERE)

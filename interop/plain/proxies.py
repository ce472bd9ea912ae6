"""The proxies: how to start each with its configuration, on free ports."""

import re
from pathlib import Path

from programs import Program
from tools import version

HERE = Path(__file__).resolve().parent

# nginx.conf is included in its block `http`.
NGINX = """
daemon off;
master_process off;
pid nginx.pid;
events {}
http {
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    include nginx.conf;
}
"""

# A program, and the Debian package that contains it.
PACKAGES = {
    "curl": "curl",
    "nginx": "nginx-light",
    "caddy": "caddy",
    "haproxy": "haproxy",
    "varnishd": "varnish",
    "lighttpd": "lighttpd",
}



def proxies(environment):
    """By the names in modes.py. The folder has programs that Debian has not."""
    varnish = ["pass=127.0.0.1:8401", "pipe=127.0.0.1:8402", "proxy=127.0.0.1:8403", "unix=127.0.0.1:8404"]
    there = [
        _proxy("nginx 1.22", "nginx.conf", ["nginx", "-p", "{folder}", "-e", "stderr", "-c", "main.conf"], "81", NGINX),
        _caddy("Caddy 2.6", "caddy"),
        _caddy("Caddy 2.11", str(environment / "caddy")),
        _proxy("HAProxy 2.6", "haproxy.cfg", ["haproxy", "-db", "-f", "haproxy.cfg"], "83"),
        _proxy(
            "Varnish 7.1", "varnish.vcl",
            ["varnishd", "-F", "-j", "none", "-n", "{folder}", "-f", "{folder}/varnish.vcl", "-p", "feature=+http2"]
            + [argument for address in varnish for argument in ("-a", address)], "84",
        ),
        _proxy("lighttpd 1.4.69", "lighttpd.conf", ["lighttpd", "-D", "-f", "lighttpd.conf"], "85"),
    ]
    return {program.name: program for program in there}


def versions(environment):
    """By the same names."""
    return {
        "nginx 1.22": version(["nginx", "-v"]),
        "Caddy 2.6": version(["caddy", "version"]),
        "Caddy 2.11": version([environment / "caddy", "version"]),
        "HAProxy 2.6": version(["haproxy", "-v"]),
        "Varnish 7.1": version(["varnishd", "-V"]),
        "lighttpd 1.4.69": version(["lighttpd", "-v"]),
    }


def _caddy(name, program):
    return _proxy(name, "Caddyfile", [program, "run", "--config", "Caddyfile"], "82")


def _proxy(name, configuration, command, listens, main=None):
    """`listens` is how the ports begin on which it listens."""
    text = (HERE / configuration).read_text()
    ports = sorted({int(port) for port in re.findall(rf"\b{listens}\d\d\b", text + " ".join(command))})
    files = {configuration: text} | ({"main.conf": main} if main else {})
    return Program(name, command, files, ports)

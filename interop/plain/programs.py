"""The proxies: how to start each with its configuration, on free ports."""

import contextlib
import os
import random
import re
import signal
import socket
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tools import Failure

HERE = Path(__file__).resolve().parent

# In seconds. Varnish compiles its configuration.
START = 60
END = 5

# Below those that the kernel gives to clients.
PORTS = range(20000, 30000)

SOCKET = "/run/axum-trailers/http.sock"

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


@dataclass(frozen=True)
class Program:
    prints_version: list
    configuration: str
    # With the ports in the configuration. `{folder}` is its working folder, with the configuration.
    command: list
    # How the ports begin on which it listens.
    listens: str
    # Where its configuration is.
    home: Path = HERE

    def version(self):
        done = subprocess.run(self.prints_version, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        found = re.search(r"\d+\.\d+(?:\.\d+)?", done.stdout + done.stderr)
        if not found:
            raise Failure(f"{self.prints_version} prints no version:\n{done.stdout}{done.stderr}")
        return found[0]

    def text(self):
        return (self.home / self.configuration).read_text()

    def ports(self):
        return sorted({int(port) for port in re.findall(rf"\b{self.listens}\d\d\b", self.text() + " ".join(self.command))})


def programs(environment):
    """By the names in modes.py. The folder has programs that Debian has not."""
    varnish = ["pass=127.0.0.1:8401", "pipe=127.0.0.1:8402", "proxy=127.0.0.1:8403", "unix=127.0.0.1:8404"]
    return {
        "nginx 1.22": Program(
            ["nginx", "-v"], "nginx.conf", ["nginx", "-p", "{folder}", "-e", "stderr", "-c", "main.conf"], "81"
        ),
        "Caddy 2.6": _caddy("caddy"),
        "Caddy 2.11": _caddy(str(environment / "caddy")),
        "HAProxy 2.6": Program(["haproxy", "-v"], "haproxy.cfg", ["haproxy", "-db", "-f", "haproxy.cfg"], "83"),
        "Varnish 7.1": Program(
            ["varnishd", "-V"], "varnish.vcl",
            ["varnishd", "-F", "-j", "none", "-n", "{folder}", "-f", "{folder}/varnish.vcl", "-p", "feature=+http2"]
            + [argument for address in varnish for argument in ("-a", address)], "84",
        ),
        "lighttpd 1.4.69": Program(["lighttpd", "-v"], "lighttpd.conf", ["lighttpd", "-D", "-f", "lighttpd.conf"], "85"),
    }


def _caddy(program):
    return Program([program, "version"], "Caddyfile", [program, "run", "--config", "Caddyfile"], "82")


class Addresses:
    """The ports here of those in the configurations, and the Unix socket."""

    def __init__(self, ports, unix):
        self._ports, self._unix = ports, unix

    def __getitem__(self, port):
        return self._ports[port]

    def with_free(self, ports):
        return Addresses(self._ports | dict(zip(ports, _free(len(ports)), strict=True)), self._unix)

    def applied(self, text):
        ports = "|".join(map(str, self._ports))
        text = re.sub(rf"\b({ports})\b", lambda found: str(self._ports[int(found[0])]), text)
        return text.replace(SOCKET, str(self._unix))


def _free(count):
    """Ports on which nobody listens."""
    ports = set()
    while len(ports) < count:
        port = random.choice(PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            ports.add(port)
    return ports


@contextmanager
def started(name, program, servers, folder):
    """Starts a proxy, and yields its addresses and those of the servers."""
    folder.mkdir()
    ports = program.ports()
    addresses = servers.with_free(ports)
    (folder / program.configuration).write_text(addresses.applied(program.text()))
    (folder / "main.conf").write_text(NGINX)
    command = [addresses.applied(argument).format(folder=folder) for argument in program.command]
    environment = os.environ | dict.fromkeys(["HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"], str(folder))
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    try:
        for port in ports:
            _await(name, process, addresses[port])
        yield addresses
        if process.poll() is not None:
            raise Failure(f"{name} ended with {process.returncode}")
    except Failure:
        lines = (folder / "log").read_text(errors="replace").splitlines()
        print(f"The log of {name}:", *lines[-20:], sep="\n  | ")
        raise
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(END)
        # What else it has started is in its group.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _await(name, process, port):
    end = time.monotonic() + START
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        if process.poll() is not None or time.monotonic() > end:
            raise Failure(f"{name} does not listen on {port}")
        time.sleep(0.05)

"""What the figures depend on: the machine and the versions of all programs."""

import datetime
import os
import platform
import re
from pathlib import Path

from tools import ROOT, Failure, run

# In seconds.
ANSWER = 20

LOCK = ROOT / "Cargo.lock"
PEERS_LOCK = ROOT / "bench/peers/Cargo.lock"

# For each program, its command and a pattern for the version in its output.
PROGRAMS = {
    "rustc": (["rustc", "--version"], r"rustc (\S+)"),
    "Go": (["go", "version"], r"go(\d\S+)"),
    "Node": (["node", "--version"], r"v(\S+)"),
    "nginx": (["sh", "-c", "nginx -v 2>&1"], r"nginx/(\S+)"),
    "nghttpd": (["nghttpd", "--version"], r"nghttp2/(\S+)"),
    "h2load": (["h2load", "--version"], r"nghttp2/(\S+)"),
    "curl": (["curl", "--version"], r"curl (\S+)"),
}

# The same for those in the folder of bench/servers/programs.
HTTP3_PROGRAMS = {"Caddy": ("caddy version", r"v(\S+)"), "nginx over HTTP/3": ("nginx -v 2>&1", r"nginx/(\S+)")}

CRATES = ("axum", "axum-h3", "axum-server", "hyper", "h2", "h3", "h3-quinn", "quinn", "quinn-proto", "rustls", "tokio")


def describe(command: str, build: Path) -> dict[str, str]:
    """The lines above the tables. `build` is Cargo's target folder."""
    http3 = {
        name: (["sh", "-c", f"{build}/bench/http3/{asked}"], pattern) for name, (asked, pattern) in HTTP3_PROGRAMS.items()
    }
    versions = [f"{name} {_version(*asked)}" for name, asked in (PROGRAMS | http3).items()]
    return {
        "Machine": f"{_processor()}, {os.cpu_count()} cores, Linux {platform.release()} with TCP's {_control()}",
        "Date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "Revision": run(["git", "-C", ROOT, "describe", "--always", "--dirty"], ANSWER).strip(),
        "Programs": ", ".join(versions),
        "Ours": _crates(LOCK),
        "Rust peers": _crates(PEERS_LOCK),
        "Command": f"`{command}`",
    }


def _processor() -> str:
    found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1] if found else platform.machine()


def _control() -> str:
    """The default congestion control."""
    return Path("/proc/sys/net/ipv4/tcp_congestion_control").read_text().strip()


def _version(command: list[str], pattern: str) -> str:
    said = run(command, ANSWER)
    found = re.search(pattern, said)
    if not found:
        raise Failure(f"no version in the output of {' '.join(command)}: {said}")
    return found[1]


def _crates(lock: Path) -> str:
    text = lock.read_text()
    found = ((name, re.findall(rf'^name = "{name}"\nversion = "(.+)"$', text, re.MULTILINE)) for name in CRATES)
    return ", ".join(f"{name} {' and '.join(versions)}" for name, versions in found if versions)

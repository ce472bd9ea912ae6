"""The load generator of bench/peers, for HTTP/3 and, to compare the protocols, HTTP/2."""

from dataclasses import dataclass

from checks import SMALL
from peer_client import client
from running import Running
from setting import Setting
from tools import Failure

MIB = 1 << 20
# Requests on each connection that warm up a new server before a timed run.
COLD = 64
# The size of the transfer from which the time of a longer one is estimated.
TRIAL = 128 * MIB

# Of each connection, as for h2load over HTTP/2.
STREAMS = 32


@dataclass(frozen=True)
class Small:
    """A timed run of small streams."""

    per_second: float
    p99_microseconds: float
    # Of the server, for each request.
    cpu_microseconds: float


def small(running: Running, setting: Setting, protocol: str, connections: int) -> Small:
    """Small streams for the time of a run, after a warm-up."""
    options = {"protocol": protocol, "path": "/small", "connections": connections, "streams": STREAMS}
    some(running, setting, protocol, connections, COLD // STREAMS)
    before = running.cpu_seconds()
    told = client(
        setting, "load", running, setting.warm_up + setting.seconds, **options, seconds=setting.seconds,
        warm_up=setting.warm_up,
    )
    cpu = running.cpu_seconds() - before
    if told["bytes"] != told["done"] * len(SMALL):
        raise Failure(f"{told['bytes']} bytes in {told['done']} responses")
    return Small(told["per_second"], told["p99_us"], cpu / told["all"] * 1e6)


def some(running: Running, setting: Setting, protocol: str, connections: int, requests: int) -> int:
    """So many small streams, one after the other, instead of each stream. Returns their number."""
    told = client(
        setting, "load", running, 0, protocol=protocol, path="/small", connections=connections, streams=STREAMS,
        requests=requests,
    )
    return told["done"]


def transfer(running: Running, setting: Setting, protocol: str, connections: int, size: int) -> tuple[float, float]:
    """One big stream on each connection: GB/s, and the server's CPU seconds for each GB."""
    before = running.cpu_seconds()
    told = client(setting, "load", running, 0, protocol=protocol, path=setting.big(size), connections=connections)
    if told["bytes"] != size * connections:
        raise Failure(f"{told['bytes']} bytes of {connections} times {size} arrived")
    gigabytes = told["bytes"] / 1e9
    return gigabytes / told["seconds"], (running.cpu_seconds() - before) / gigabytes


def big(running: Running, setting: Setting, protocol: str, connections: int) -> tuple[float, float]:
    """Transfers as many bytes as take about the time of a run."""
    estimate, _ = transfer(running, setting, protocol, connections, TRIAL // connections)
    mebibytes = max(round(estimate * 1e9 * setting.seconds / connections / MIB), 1)
    return transfer(running, setting, protocol, connections, mebibytes * MIB)

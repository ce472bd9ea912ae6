"""All works. The function of each returns the figures of one round."""

import math
import os
import time
from collections.abc import Callable
from dataclasses import replace

from checks import check_plain, content_digest
from counts import COUNTS
from h2load import Background, Load, load
from memory import MEMORY
from metrics import CONNECTIONS, CPU, DELAYS, P99, RATE, SPEED
from peer_client import client, pace
from running import Running
from servers import H1, H2, P256, X25519
from setting import SMALL_STREAMS, Setting
from tools import Failure
from work import Measure, Metric, Work

MIB = 1 << 20
# Requests on each connection that warm up a new server before a timed run.
COLD = 64
# The size of the transfer from which the time of a longer one is estimated.
TRIAL = 256 * MIB

# The size of the content whose digest is sent as a header field after buffering.
BUFFERED = 64 * MIB

HANDSHAKES_AT_ONCE = 8
# As the client prints them.
GROUPS = {X25519: "X25519", P256: "secp256r1"}

PART = Metric("part", "with / without", compared=False)


def _small(connections: int, http1: bool) -> Measure:
    def measure(running: Running, setting: Setting) -> dict[str, float]:
        timed = setting.small_load(running, connections, setting.seconds, http1)
        # h2load 1.52 may never end if a cold server is slow to open the connections of a timed run.
        load(replace(timed, seconds=None, requests_each=COLD))
        report = load(timed)
        return {RATE.name: report.requests_per_second, P99.name: report.p99_microseconds}

    return measure


def _transfer(running: Running, setting: Setting, connections: int, path: Callable[[int], str]) -> dict[str, float]:
    """Transfers as many bytes as take about the time of a run."""
    def timed(size: int) -> tuple[float, float]:
        before = running.cpu_seconds()
        report = load(Load(running.url(path(size)), connections, setting.log, group=running.server.group))
        if report.data_bytes != size * connections:
            raise Failure(f"{report.data_bytes} bytes of {connections} times {size} arrived")
        gigabytes = report.data_bytes / 1e9
        return gigabytes / report.seconds, (running.cpu_seconds() - before) / gigabytes

    estimate, _ = timed(TRIAL // connections)
    mebibytes = max(round(estimate * 1e9 * setting.seconds / connections / MIB), 1)
    speed, cpu = timed(mebibytes * MIB)
    return {SPEED.name: speed, CPU.name: cpu}


def _big(connections: int) -> Measure:
    return lambda running, setting: _transfer(running, setting, connections, setting.big)


def _digest(connections: int) -> Measure:
    def measure(running: Running, setting: Setting) -> dict[str, float]:
        plain = _transfer(running, setting, connections, setting.big)
        digested = _transfer(running, setting, connections, lambda size: f"/digest/{size}")
        return digested | {PART.name: digested[SPEED.name] / plain[SPEED.name]}

    return measure


def _trailer(protocol: str) -> Measure:
    def measure(running: Running, setting: Setting) -> dict[str, float]:
        def rate(path: str) -> float:
            timed = setting.small_load(running, 4, setting.seconds / 2, protocol == H1, path)
            load(replace(timed, seconds=None, requests_each=COLD))
            return load(timed).requests_per_second

        check_plain(running, protocol)
        # In this order, so that what the server gains with time favours neither.
        rates = [rate(path) for path in ("/plain", "/small", "/small", "/plain")]
        without, with_it = (rates[0] + rates[3]) / 2, (rates[1] + rates[2]) / 2
        return {"with": with_it, "without": without, PART.name: with_it / without}

    return measure


def _digest_header(running: Running, setting: Setting) -> dict[str, float]:
    def digested(place: str) -> dict[str, float]:
        told = client(setting, "digest", running, 0, bytes=BUFFERED, place=place)
        if told["digest"] != digest:
            raise Failure(f"{told['digest']} is not the digest of the content")
        return {f"first_byte_{place}": told["first_byte_ms"], f"peak_{place}": running.peak() / 1024}

    digest = content_digest(b"x" * BUFFERED)
    # The one that uses less memory comes first, because the peak includes everything before.
    return digested("trailer") | digested("header")


def _digest_beside(running: Running, setting: Setting) -> dict[str, float]:
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise Failure("there is no second core")

    def speed(path: str, size: int) -> float:
        what = Load(running.url(f"{path}/{size}"), 1, setting.log, group=running.server.group)
        with Background(what) as background:
            # A new thread inherits the cores of the thread that started it.
            while background.runs_on(cores[0]):
                running.divide(cores[0], set(cores[1:]))
                time.sleep(0.1)
            report = background.rest()
        if report.data_bytes != size:
            raise Failure(f"{report.data_bytes} bytes of {size} arrived")
        return report.data_bytes / 1e9 / report.seconds

    # The server counts the cores that it may use before it is pinned to one.
    load(Load(running.url(f"/digest/{TRIAL}"), 1, setting.log, group=running.server.group))
    estimate = speed("/digest", TRIAL)
    size = max(round(estimate * 1e9 * setting.seconds / MIB), 1) * MIB
    plain, digested = speed("/big", size), speed("/digest", size)
    return {SPEED.name: digested, PART.name: digested / plain}


def _pace(running: Running, setting: Setting) -> dict[str, float]:
    return pace(setting, running, H2)


def _pace_loaded(running: Running, setting: Setting) -> dict[str, float]:
    # The load runs a second longer, because the client needs time to start and competes with it.
    with Background(setting.small_load(running, 4, setting.seconds + 1)) as background:
        background.wait_for_warm_up()
        delays = _pace(running, setting)
        background.report()
    return delays


def _tls(running: Running, setting: Setting) -> dict[str, float]:
    seconds = math.ceil(setting.seconds)
    told = client(
        setting, "handshakes", running, seconds, protocol=H2, concurrency=HANDSHAKES_AT_ONCE, seconds=seconds
    )
    if told["group"] != GROUPS[running.server.group]:
        raise Failure(f"the handshakes used {told['group']}")
    return {CONNECTIONS.name: told["per_second"]}


def _streams(connections: int, http1: bool) -> Work:
    protocol = H1 if http1 else H2
    return Work(
        f"small-{protocol}-{connections}",
        f"The small stream: two chunks and a trailer, {connections} connections of {SMALL_STREAMS[protocol]}",
        (RATE, P99), _small(connections, http1), protocol,
    )


def _with_and_without(protocol: str) -> Work:
    return Work(
        f"trailer-{protocol}",
        f"The small stream with its trailer and without it, 4 connections of {SMALL_STREAMS[protocol]}",
        (
            Metric("with", "requests/s with", compared=False), Metric("without", "requests/s without", compared=False),
            PART,
        ),
        _trailer(protocol), protocol, reads_trailers=True, without_trailer=True,
    )


def _transfers(connections: int) -> list[Work]:
    streams = "one big stream" if connections == 1 else f"{connections} big streams, each on its own connection"
    return [
        Work(f"big-{connections}", f"{streams.capitalize()}, windows of 16 MiB", (SPEED, CPU), _big(connections)),
        Work(
            f"digest-{connections}", f"{streams.capitalize()}, with `content-digest` as a trailer",
            (SPEED, CPU, PART), _digest(connections), ours_alone=True,
        ),
    ]


WORKS = [
    *(_streams(connections, http1) for http1 in (False, True) for connections in (4, 64)),
    *(_with_and_without(protocol) for protocol in (H2, H1)),
    *(work for connections in (1, 8) for work in _transfers(connections)),
    Work(
        "digest-beside",
        "One big stream with `content-digest`: the sending thread and h2load on one core, hashing on another",
        (SPEED, PART), _digest_beside, ours_alone=True,
    ),
    Work(
        "digest-header",
        f"The digest of {BUFFERED // MIB} MiB over HTTP/1.1: as a trailer after the stream, and as a header field, which "
        "requires buffering the content",
        (
            Metric("first_byte_trailer", "trailer: first byte, ms", compared=False),
            Metric("peak_trailer", "peak memory, MiB", compared=False),
            Metric("first_byte_header", "header field: first byte, ms", compared=False),
            Metric("peak_header", "peak memory, MiB", compared=False),
        ),
        _digest_header, H1, ours_alone=True,
    ),
    Work(
        "pace", "One chunk every 10 ms: the time from sending to arrival", DELAYS, _pace, made=True, reads_trailers=True
    ),
    Work(
        "pace-loaded", "The same under the load of small-h2-4", DELAYS, _pace_loaded, made=True, reads_trailers=True
    ),
    *MEMORY,
    *COUNTS,
    Work(
        "tls", f"New TLS connections, {HANDSHAKES_AT_ONCE} at once, each with one small stream",
        (CONNECTIONS,), _tls, reads_trailers=True,
    ),
]

"""Works over HTTP/3, and HTTP/3 beside HTTP/2."""

import math
import os
from collections.abc import Callable, Iterable

import generator
from counts import ALLOCATIONS, CLOCK_READINGS, INSTRUCTIONS, each, under_callgrind
from h2load import load
from lossy import DELAY, LOSS, lossy
from memory import idle, stalled
from metrics import CONNECTIONS, CPU, DELAYS, P99, RATE, SPEED
from peer_client import beside, client, pace
from running import Running, serve
from servers import H2, H3
from setting import Setting
from tools import Failure
from work import Measure, Metric, Work

HANDSHAKES_AT_ONCE = 8

CPU_OF_REQUEST = Metric("cpu_microseconds", "CPU µs/request", less_is_better=True)

# Requests instead of each stream. The difference of the two excludes the server's start and end.
FEW, MANY = 8, 40

# Every kernel has it. On such a path, Cubic grows like it (RFC 9438 §4.3).
RENO = "reno"

# The size of a big stream over a path that loses packets, in bytes.
SLOW = 4 << 20


def _small(connections: int) -> Measure:
    def measure(running: Running, setting: Setting) -> dict[str, float]:
        small = generator.small(running, setting, H3, connections)
        return {
            RATE.name: small.per_second, P99.name: small.p99_microseconds, CPU_OF_REQUEST.name: small.cpu_microseconds,
        }

    return measure


def _big(connections: int) -> Measure:
    def measure(running: Running, setting: Setting) -> dict[str, float]:
        speed, cpu = generator.big(running, setting, H3, connections)
        return {SPEED.name: speed, CPU.name: cpu}

    return measure


def _pace(running: Running, setting: Setting) -> dict[str, float]:
    return pace(setting, running, H3)


def _pace_loaded(running: Running, setting: Setting) -> dict[str, float]:
    # The load runs a second longer, because the client needs time to start and competes with it.
    seconds = setting.warm_up + setting.seconds + 1
    options = {"protocol": H3, "path": "/small", "connections": 4, "streams": generator.STREAMS}
    with beside(setting, "load", running, seconds, **options, warm_up=setting.warm_up, seconds=seconds):
        return _pace(running, setting)


def _connections(running: Running, setting: Setting) -> dict[str, float]:
    seconds = math.ceil(setting.seconds)
    told = client(
        setting, "handshakes", running, seconds, protocol=H3, concurrency=HANDSHAKES_AT_ONCE, seconds=seconds
    )
    return {CONNECTIONS.name: told["per_second"]}


def _counts(running: Running, setting: Setting) -> dict[str, float]:
    few, many = (
        under_callgrind(
            running.server, setting, lambda server, requests=requests: generator.some(server, setting, H3, 4, requests)
        )
        for requests in (FEW, MANY)
    )
    return each(many, few, (MANY - FEW) * 4 * generator.STREAMS)


def _compared(title: str) -> tuple[Metric, ...]:
    """A figure over both protocols, and their ratio."""
    return (
        Metric(H3, f"HTTP/3, {title}", compared=False), Metric(H2, f"HTTP/2, {title}", compared=False),
        Metric("ratio", "HTTP/3 / HTTP/2", compared=False),
    )


def _ratio(http3: float, http2: float) -> dict[str, float]:
    return {H3: http3, H2: http2, "ratio": http3 / http2}


def _both_small(running: Running, setting: Setting) -> dict[str, float]:
    return _ratio(*(generator.small(running, setting, protocol, 4).per_second for protocol in (H3, H2)))


def _both_big(running: Running, setting: Setting) -> dict[str, float]:
    return _ratio(*(generator.big(running, setting, protocol, 1)[0] for protocol in (H3, H2)))


def _over_lossy_path(one: Callable[[Running, Setting, str], float]) -> Measure:
    def measure(running: Running, setting: Setting) -> dict[str, float]:
        def far(protocols: Iterable[str], control: str | None) -> list[float]:
            with lossy(control) as path, serve(
                running.server, setting.files, path.server, path.host, path.client
            ) as server:
                return [one(server, setting, protocol) for protocol in protocols]

        http3, http2 = far((H3, H2), RENO)
        [http2_default] = far((H2,), None)
        return _ratio(http3, http2) | {"default": http2_default}

    return measure


def _far_small(running: Running, setting: Setting, protocol: str) -> float:
    return generator.small(running, setting, protocol, 4).per_second


def _far_big(running: Running, setting: Setting, protocol: str) -> float:
    return generator.transfer(running, setting, protocol, 1, SLOW)[0] * 8000


def _check_of_generator(running: Running, setting: Setting) -> dict[str, float]:
    """On two cores: with each client on a core of its own, the server's core decides."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise Failure("there is no second core")
    timed = setting.small_load(running, 4, setting.seconds)
    # The threads that the server starts for its connections are there.
    generator.small(running, setting, H2, 4)
    running.pin(cores[0])
    os.sched_setaffinity(0, {cores[1]})
    try:
        ours = generator.small(running, setting, H2, 4).per_second
        theirs = load(timed).requests_per_second
    finally:
        os.sched_setaffinity(0, cores)
    return {"generator": ours, "h2load": theirs, "ratio": ours / theirs}


def _lossy(name: str, what: str, unit: str, one: Callable[[Running, Setting, str], float]) -> Work:
    path = f"a path that takes {DELAY * 2000:g} ms for both ways and loses {LOSS:.0%} of the packets of each"
    return Work(
        f"lossy-{name}",
        f"{what} over {path}: HTTP/3 with quinn's Cubic, HTTP/2 with TCP's Reno and with the kernel's default",
        (*_compared(unit), Metric("default", f"HTTP/2 with the default, {unit}", compared=False)),
        _over_lossy_path(one), H3, ours_alone=True,
    )


HTTP3 = [
    *(
        Work(
            f"small-h3-{connections}",
            f"The small stream over HTTP/3, {connections} connections with {generator.STREAMS} streams each",
            (RATE, P99, CPU_OF_REQUEST), _small(connections), H3,
        )
        for connections in (4, 64)
    ),
    Work("big-h3-1", "One big stream over HTTP/3, windows of 16 MiB", (SPEED, CPU), _big(1), H3),
    Work(
        "big-h3-8", "8 big streams over HTTP/3, each on its own connection, windows of 16 MiB", (SPEED, CPU), _big(8), H3
    ),
    Work(
        "pace-h3", "One chunk every 10 ms over HTTP/3: the time from sending to arrival", DELAYS, _pace, H3, made=True,
        reads_trailers=True,
    ),
    Work(
        "pace-h3-loaded", "The same under the load of small-h3-4", DELAYS, _pace_loaded, H3, made=True,
        reads_trailers=True,
    ),
    idle(H3),
    stalled("h3", H3, (1 << 16) - 1, "HTTP/3, a window of 64 KiB"),
    Work(
        "connections-h3", f"New QUIC connections, {HANDSHAKES_AT_ONCE} at once, each with one small stream",
        (CONNECTIONS,), _connections, H3,
    ),
    Work(
        "counts-h3", f"The server's cost of one small stream over HTTP/3, 4 connections with {generator.STREAMS} streams each",
        (INSTRUCTIONS, ALLOCATIONS, CLOCK_READINGS), _counts, H3, is_compiled=True, most_rounds=1,
    ),
    Work(
        "h3-beside-h2-small", "The small stream with the same generator over both protocols, 4 connections",
        _compared("requests/s"), _both_small, H3, ours_alone=True,
    ),
    Work(
        "h3-beside-h2-big", "One big stream with the same generator over both protocols",
        _compared("GB/s"), _both_big, H3, ours_alone=True,
    ),
    _lossy("small", "The small stream, 4 connections,", "requests/s", _far_small),
    _lossy("big", f"A stream of {SLOW >> 20} MiB", "Mbit/s", _far_big),
    Work(
        "generator", "The generator of the works above beside h2load: the small stream over HTTP/2, the server on one "
        "core, the client on another",
        (
            Metric("generator", "requests/s", compared=False), Metric("h2load", "h2load, requests/s", compared=False),
            Metric("ratio", "its / h2load", compared=False),
        ),
        _check_of_generator, H2, ours_alone=True,
    ),
]

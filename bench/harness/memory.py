"""Works that measure memory.

Each starts with one connection, so one-time allocations are not counted. More connections would fill the allocator's
pools and hide a part of the result.
"""

from h2load import Load, load
from peer_client import holding
from running import Running
from servers import H1, H2, H3
from setting import Setting
from tools import Failure
from work import Measure, Metric, Work

GIB = 1 << 30

IDLE = 1000
STALLED = 100
LONG = 10

# Memory varies less over time than other figures, and takes longer to measure.
ROUNDS = 3

KIB = Metric("kib", "KiB", less_is_better=True)

PROTOCOLS = {H1: "HTTP/1.1", H2: "HTTP/2", H3: "HTTP/3"}


def _each(what: str, connections: int, protocol: str, **options: str) -> Measure:
    """The memory per connection, with many connections."""
    def measure(running: Running, setting: Setting) -> dict[str, float]:
        setting.big(GIB)
        with holding(setting, "idle", running, 1, protocol=protocol):
            pass
        before = running.memory()
        with holding(setting, what, running, connections, protocol=protocol, **options):
            return {KIB.name: (running.memory() - before) / connections}

    return measure


def idle(protocol: str) -> Work:
    return Work(
        f"idle-{protocol}", f"Memory per idle connection of {PROTOCOLS[protocol]}, with {IDLE} connections",
        (KIB,), _each("idle", IDLE, protocol), protocol, reads_trailers=protocol != H3,
        most_rounds=ROUNDS,
    )


def stalled(name: str, protocol: str, window: int, which: str) -> Work:
    return Work(
        f"stalled-{name}", f"Memory per stream whose reader has stopped, with {STALLED} streams: {which}",
        (KIB,), _each("stalled", STALLED, protocol, window=str(window)), protocol,
        reads_trailers=protocol != H3, most_rounds=ROUNDS,
    )


def _growth(running: Running, setting: Setting) -> dict[str, float]:
    def transfer(size: int) -> int:
        report = load(Load(running.url(setting.big(size)), 1, setting.log, group=running.server.group))
        if report.data_bytes != size:
            raise Failure(f"{report.data_bytes} bytes of {size} arrived")
        return running.peak()

    first = transfer(GIB)
    return {"mib": first / 1024, "growth": transfer(LONG * GIB) - first}


MEMORY = [
    idle(H2),
    idle(H1),
    stalled("64k", H2, (1 << 16) - 1, "HTTP/2, a window of 64 KiB"),
    stalled("2g", H2, (1 << 31) - 1, "HTTP/2, a window of 2 GiB"),
    stalled("h1", H1, (1 << 16) - 1, "HTTP/1.1"),
    Work(
        "growth", f"Peak memory after a stream of 1 GiB, and what a stream of {LONG} GiB adds",
        (
            Metric("mib", "after 1 GiB, MiB", less_is_better=True),
            Metric("growth", f"growth over {LONG} GiB, KiB", compared=False),
        ),
        _growth, most_rounds=1,
    ),
]

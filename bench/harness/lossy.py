"""A path between two network namespaces that delays all packets and loses some.

netem does the same in the kernel, but many kernels are built without it. Here each namespace has a TUN device, and a
process (relay.py) carries the packets between them. Needs root.
"""

import fcntl
import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tools import END, Failure, Word, end_group, run

# In seconds, one way.
DELAY = 0.025
# The part of the packets that is lost, in each direction.
LOSS = 0.01

CONTROL_OF_TCP = "/proc/sys/net/ipv4/tcp_congestion_control"

RELAY = Path(__file__).with_name("relay.py")

# Of linux/if_tun.h.
TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000

# Each side of the path, within the range for benchmarks (RFC 2544).
ADDRESSES = ("198.18.0.1", "198.18.0.2")


@dataclass(frozen=True)
class Ends:
    """How to reach both ends."""

    # The server's address.
    host: str
    # What a program runs under at each end.
    server: list[Word]
    client: list[Word]


@contextmanager
def lossy(control: str | None = None) -> Iterator[Ends]:
    """Both namespaces are removed at the end. `control` is TCP's congestion control instead of the kernel's default."""
    if os.geteuid() != 0:
        raise Failure("root is needed to create network namespaces")
    # Also those of the devices, which have at most 15 characters.
    names = [f"bench-{os.getpid()}-{end}" for end in "sc"]
    with ExitStack() as stack:
        ends = []
        for name, address in zip(names, ADDRESSES, strict=True):
            run(["ip", "netns", "add", name], END)
            stack.callback(_remove, name)
            end = _tun(name)
            stack.callback(os.close, end)
            ends.append(end)
            run(["ip", "link", "set", name, "netns", name], END)
            for command in (
                ["link", "set", "lo", "up"], ["address", "add", f"{address}/24", "dev", name],
                ["link", "set", name, "up"],
            ):
                run(["ip", "-n", name, *command], END)
            if control:
                run(["ip", "netns", "exec", name, "sh", "-c", f"echo {control} > {CONTROL_OF_TCP}"], END)
        relay = subprocess.Popen(
            [sys.executable, "-B", RELAY, *map(str, ends), str(DELAY), str(LOSS)], pass_fds=ends,
            stdin=subprocess.DEVNULL, start_new_session=True,
        )
        stack.callback(end_group, relay)
        under = [["ip", "netns", "exec", name] for name in names]
        yield Ends(ADDRESSES[0], *under)
        if relay.poll() is not None:
            raise Failure(f"the relay ended with {relay.returncode}")


def _tun(name: str) -> int:
    """Creates a TUN device, which lives as long as this file descriptor."""
    try:
        tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    except OSError as error:
        raise Failure(f"no TUN device: {error}") from error
    return tun


def _remove(name: str) -> None:
    with suppress(Failure):
        run(["ip", "netns", "delete", name], END)

"""Carries packets between two TUN devices: `relay.py FD FD DELAY LOSS`, the delay in seconds, the loss from 0 to 1."""

import os
import random
import select
import sys
import time
from collections import deque

# The longest packet of a device with the default MTU, in bytes.
PACKET = 2048
# How many packets are read at once from a device.
AT_ONCE = 64
# How many packets wait, as for netem by default. More are lost.
LIMIT = 1000


class Line:
    """One direction."""

    def __init__(self, delay: float, loss: float, chance: random.Random) -> None:
        self._delay, self._loss, self._chance = delay, loss, chance
        self._waiting: deque[tuple[float, bytes]] = deque()

    def put(self, packet: bytes, now: float) -> None:
        if self._chance.random() >= self._loss and len(self._waiting) < LIMIT:
            self._waiting.append((now + self._delay, packet))

    def due(self, now: float) -> list[bytes]:
        """The packets that arrive now."""
        packets = []
        while self._waiting and self._waiting[0][0] <= now:
            packets.append(self._waiting.popleft()[1])
        return packets

    @property
    def next(self) -> float:
        """When the next packet arrives."""
        return self._waiting[0][0] if self._waiting else float("inf")


def main() -> None:
    first, second, *numbers = sys.argv[1:]
    ends = int(first), int(second)
    delay, loss = map(float, numbers)
    # The same losses in each run, as far as the packets are the same.
    lines = {end: Line(delay, loss, random.Random(number)) for number, end in enumerate(ends)}
    others = dict(zip(ends, reversed(ends), strict=True))
    poll = select.poll()
    for end in ends:
        poll.register(end, select.POLLIN)
    while True:
        wait = min(line.next for line in lines.values()) - time.monotonic()
        readable = poll.poll(None if wait == float("inf") else max(wait * 1000, 0))
        for end, _ in readable:
            _read(end, lines[end])
        now = time.monotonic()
        for end, line in lines.items():
            for packet in line.due(now):
                os.write(others[end], packet)


def _read(end: int, line: Line) -> None:
    for _ in range(AT_ONCE):
        try:
            packet = os.read(end, PACKET)
        except BlockingIOError:
            return
        line.put(packet, time.monotonic())


if __name__ == "__main__":
    main()

"""Statistics of the figures of several rounds."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Spread:
    """The spread of one server's figures over all rounds."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        return cls(statistics.median(values), min(values), max(values))


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least this percentage of all values does not exceed."""
    if not values:
        raise ValueError("nothing has no percentile")
    return sorted(values)[max(math.ceil(len(values) * percent / 100), 1) - 1]


def advantage(ours: float, other: float, less_is_better: bool) -> float | None:
    """How many times better ours is, or None if the divisor is zero."""
    above, below = (other, ours) if less_is_better else (ours, other)
    return above / below if below else None


def orders(count: int, rounds: int) -> list[list[int]]:
    """The order of `count` servers in each round.

    A Williams design: over `count` rounds each server takes each place once. It follows each other server once, or at
    most twice if `count` is odd.
    """
    zigzag = [(place + 1) // 2 if place % 2 else (count - place // 2) % count for place in range(count)]
    return [[(first + turn) % count for first in zigzag] for turn in range(rounds)]

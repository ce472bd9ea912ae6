"""Tests of the path that loses packets: `python3 -B -m unittest`."""

import random
import unittest

from relay import LIMIT, Line


def line(delay=0.025, loss=0.0):
    return Line(delay, loss, random.Random(0))


class Lines(unittest.TestCase):
    def test_packets_arrive_in_order_after_the_delay(self):
        of = line()
        of.put(b"first", 1.0)
        of.put(b"second", 1.01)
        self.assertEqual(of.next, 1.025)
        self.assertEqual(of.due(1.02), [])
        self.assertEqual(of.due(1.03), [b"first"])
        self.assertEqual(of.due(2.0), [b"second"])
        self.assertEqual(of.next, float("inf"))

    def test_some_packets_are_lost(self):
        of = line(loss=0.1)
        arrived = 0
        for number in range(10_000):
            of.put(b"", float(number))
            arrived += len(of.due(number + 0.5))
        self.assertAlmostEqual(arrived, 9000, delta=300)

    def test_packets_that_find_no_room_are_lost(self):
        of = line()
        for _ in range(LIMIT + 5):
            of.put(b"", 0.0)
        self.assertEqual(len(of.due(1.0)), LIMIT)


if __name__ == "__main__":
    unittest.main()

"""Tests of the statistics: `python3 -B -m unittest`."""

import unittest
from collections import Counter
from itertools import pairwise

from figures import Spread, advantage, orders, percentile


class Figures(unittest.TestCase):
    def test_the_spread_of_rounds(self):
        self.assertEqual(Spread.of([5, 1, 2]), Spread(2, 1, 5))
        self.assertEqual(Spread.of([4, 1]), Spread(2.5, 1, 4))

    def test_percentiles_are_values_that_were_there(self):
        hundred = list(range(100, 0, -1))
        self.assertEqual([percentile(hundred, percent) for percent in (0, 50, 99, 100)], [1, 50, 99, 100])
        self.assertEqual(percentile([7], 99), 7)
        self.assertEqual(percentile([*range(1, 201)], 99), 198)
        with self.assertRaises(ValueError):
            percentile([], 50)

    def test_an_advantage_is_above_one_where_ours_is_better(self):
        self.assertEqual(advantage(300, 200, less_is_better=False), 1.5)
        self.assertEqual(advantage(200, 300, less_is_better=True), 1.5)
        self.assertIsNone(advantage(0, 300, less_is_better=True))
        self.assertIsNone(advantage(300, 0, less_is_better=False))


class Orders(unittest.TestCase):
    def test_each_round_has_each_server(self):
        for count in range(1, 12):
            for order in orders(count, 2 * count):
                self.assertEqual(sorted(order), list(range(count)))

    def test_each_server_has_each_place_once(self):
        for count in range(1, 12):
            for place in zip(*orders(count, count), strict=True):
                self.assertEqual(sorted(place), list(range(count)))

    def test_each_follows_others_in_other_rounds(self):
        for count in range(2, 12):
            followed = Counter(pair for order in orders(count, count) for pair in pairwise(order))
            # With an even number, no pair repeats.
            self.assertLessEqual(max(followed.values()), 1 if count % 2 == 0 else 2, count)

    def test_two_take_turns(self):
        self.assertEqual(orders(2, 3), [[0, 1], [1, 0], [0, 1]])
        self.assertEqual(orders(0, 2), [[], []])


if __name__ == "__main__":
    unittest.main()

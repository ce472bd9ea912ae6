"""Tests of reading a profile of callgrind: `python3 -B -m unittest`."""

import unittest

from counts import Counts, counted
from tools import Failure

PROFILE = """\
events: Ir
fn=(1) main
12 34
cfn=(2) malloc
calls=3 0
12 900
cfn=(3) memcpy
calls=7 0
12 70

fn=(2)
1 300
cfn=(4) calloc
calls=2 5
1 1
fn=(5) other
cfn=(2)
calls=4 0
9 1
cfn=(6) clock_gettime@@GLIBC_2.17
calls=5 0
9 1
totals: 1306
"""


class Counted(unittest.TestCase):
    def test_only_calls_of_the_allocator_and_the_clock_are_counted(self):
        self.assertEqual(
            counted(PROFILE.splitlines()), Counts(instructions=1306, allocations=9, clock_readings=5)
        )

    def test_profile_without_a_total_is_a_failure(self):
        with self.assertRaises(Failure):
            counted(["events: Ir"])

    def test_profile_without_one_of_the_counts_is_a_failure(self):
        with self.assertRaisesRegex(Failure, "no clock_readings"):
            counted(PROFILE.replace("clock_gettime", "other_name").splitlines())

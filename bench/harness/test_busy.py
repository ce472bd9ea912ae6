"""Tests of the check for a busy machine: `python3 -B -m unittest`."""

import contextlib
import io
import subprocess
import sys
import unittest
from unittest import mock

from busy import NAMED, Busy, look, most, of_process, ticks
from tools import Failure

BEFORE = "cpu  100 10 50 1000 20 1 2 3 70 7\ncpu0 1 1 1 1 1 1 1 1 1 1\n"
AFTER = "cpu  130 11 60 1150 27 2 3 4 90 9\ncpu0 9 9 9 9 9 9 9 9 9 9\n"


class Reading(unittest.TestCase):
    def test_cores_that_are_idle_or_wait_for_disks_are_not_busy(self):
        self.assertEqual(ticks(BEFORE, AFTER), (44, 201))
        self.assertEqual(ticks(BEFORE, BEFORE), (0, 1))

    def test_a_process_whose_name_has_brackets(self):
        stat = "42 (a (b) c) S 1 42 42 0 -1 4194560 1 2 3 4 70 8 9 10 20 0 1 0 100 200 300"
        self.assertEqual(of_process(stat), ("a (b) c", 78))

    def test_processes_that_took_the_most(self):
        before = {1: ("idle", 500), 2: ("kworker-a", 100), 3: ("gone", 9), 4: ("other before", 90)}
        after = {1: ("idle", 500), 2: ("kworker-b", 160), 4: ("id of another", 5), 5: ("new", 80)}
        self.assertEqual(most(before, after), [("new", 5, 80), ("kworker-b", 2, 60)])
        many = {number: ("one", number) for number in range(1, 100)}
        self.assertEqual([its for *_, its in most({}, many)], list(range(99, 99 - NAMED, -1)))


class Bound(unittest.TestCase):
    def test_a_small_load_is_accepted(self):
        quiet, busy = Busy(2, 0.1, []), Busy(2, 0.11, [("rustc", 7, 0.11)])
        self.assertFalse(quiet.is_too_busy)
        self.assertEqual(str(quiet), "0.10 of 2 cores busy")
        self.assertTrue(busy.is_too_busy)
        self.assertIn("too busy", str(busy))

    def test_the_warning_says_what_how_much_and_what_to_do(self):
        warning = Busy(2, 1.5, [("rustc", 7, 1.25), ("ld", 8, 0.25), ("idle", 9, 0.001)]).warning()
        for part in ("1.50 of 2 cores", "less than 0.10", "rustc (7) 1.25, ld (8) 0.25.", "wait until they end"):
            self.assertIn(part, warning)
        self.assertIn("no running process", Busy(2, 1.5, []).warning())

    def test_a_busy_machine_is_refused_for_the_document_alone(self):
        busy, said = Busy(2, 1.5, []), io.StringIO()
        with self.assertRaisesRegex(Failure, "--update needs a quiet machine: .*1.50 of 2 cores"):
            busy.check(is_for_document=True)
        with contextlib.redirect_stderr(said):
            busy.check(is_for_document=False)
            self.assertIn("WARNING: other programs use 1.50", said.getvalue())
            said.truncate(0)
            Busy(2, 0.1, []).check(is_for_document=True)
            Busy(2, 0.1, []).check(is_for_document=False)
        self.assertEqual(said.getvalue(), "")


class Look(unittest.TestCase):
    def test_a_program_that_computes_is_seen(self):
        with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as process:
            try:
                # Other processes may use more than it does.
                with mock.patch("busy.NAMED", 10_000):
                    found = look(1)
            finally:
                process.kill()
        self.assertIn(process.pid, [number for _, number, _ in found.processes])
        self.assertGreater(found.busy, 0.1)
        self.assertLessEqual(found.busy, found.cores)


if __name__ == "__main__":
    unittest.main()

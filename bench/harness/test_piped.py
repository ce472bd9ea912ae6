"""Tests that pipelines run, and that failures are not lost: `python3 -B -m unittest`."""

import sys
import tempfile
import time
import unittest
from pathlib import Path

from piped import piped
from tools import Failure

# In seconds.
BOUND = 20


def python(code):
    return [sys.executable, "-c", code]


class Pipelines(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def run_here(self, *commands, bound=BOUND):
        return piped(commands, self.folder, bound)

    def test_each_command_reads_what_the_one_before_it_prints(self):
        (self.folder / "file").write_text("content")
        self.assertEqual(self.run_here(["cat", "file"], ["tee", "copy"], ["wc", "-c"]).out.strip(), "7")
        self.assertEqual((self.folder / "copy").read_text(), "content")

    def test_time_and_memory_are_those_of_the_commands(self):
        idle = self.run_here(["sleep", "0.2"])
        self.assertGreaterEqual(idle.seconds, 0.2)
        self.assertLess(idle.cpu_seconds, 0.1)
        # Less than this program uses.
        self.assertLess(idle.peak, 8 * 1024)
        busy = python("import time; x = bytes(range(256)) * (1 << 18)\nwhile time.process_time() < 0.3: pass")
        one = self.run_here(busy)
        self.assertGreaterEqual(one.cpu_seconds, 0.3)
        self.assertGreater(one.peak, 64 * 1024)
        self.assertGreater(self.run_here(busy, busy).peak, 128 * 1024)

    def test_any_command_that_fails_is_a_failure(self):
        for commands in ([["false"], ["cat"]], [["true"], ["false"]]):
            with self.assertRaisesRegex(Failure, "exit code"):
                self.run_here(*commands)
        with self.assertRaisesRegex(Failure, "the reason"):
            self.run_here(["sh", "-c", "echo the reason >&2; exit 3"], ["cat"])
        with self.assertRaises(Failure):
            self.run_here(["/nowhere"])

    def test_a_command_whose_reader_has_ended_ends(self):
        with self.assertRaisesRegex(Failure, "exit code"):
            self.run_here(["yes"], ["true"])

    def test_a_pipeline_that_takes_too_long_is_ended(self):
        began = time.monotonic()
        with self.assertRaises(Failure):
            self.run_here(["sleep", "30"], ["cat"], bound=0.2)
        self.assertLess(time.monotonic() - began, BOUND)


if __name__ == "__main__":
    unittest.main()

"""Tests that servers and other programs run, and that all their processes end: `python3 -B -m unittest`."""

import contextlib
import os
import sys
import time
import unittest
from pathlib import Path
from unittest import mock

from running import listens, serve
from servers import Server
from tools import Failure, first_line, run, started

# Listens on the given address, next to a child process, for at most 30 s.
LISTEN = """
import os, socket, sys, time
host, port = sys.argv[1].split(":")
listener = socket.create_server((host, int(port)))
os.fork()
time.sleep(30)
"""
NOWHERE = Path("nowhere")

# As in /proc/net/tcp: port 443 listens, and port 8000 is that of a connection.
SOCKETS = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:01BB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1
   1: 0100007F:1F40 0100007F:C000 01 00000000:00000000 00:00000000 00000000     0        0 2
"""


def serving(*command):
    server = Server("server", "a server", lambda place: [*command, place.address])
    return serve(server, NOWHERE)


class Servers(unittest.TestCase):
    def test_all_its_processes_count_and_end(self):
        with serving(sys.executable, "-c", LISTEN) as running:
            self.assertGreater(running.memory(), 1000)
            self.assertGreater(running.peak(), 1000)
            self.assertGreater(running.cpu_seconds(), 0)
            self.assertEqual(alive(running.group), 2)
        until = time.monotonic() + 5
        # A child of a process that has ended takes a moment longer.
        while alive(running.group) and time.monotonic() < until:
            time.sleep(0.01)
        self.assertEqual(alive(running.group), 0)

    def test_connection_threads_are_pinned_to_one_core_and_other_threads_to_others(self):
        cores = os.sched_getaffinity(0)
        named = f"open('/proc/self/comm', 'w').write('trailers-0')\n{LISTEN}"
        with serving(sys.executable, "-c", named) as running:
            running.divide(min(cores), cores)
            self.assertEqual(os.sched_getaffinity(running.group), {min(cores)})
        with serving(sys.executable, "-c", LISTEN) as running:
            with self.assertRaisesRegex(Failure, "no thread of the server is named trailers-"):
                running.divide(min(cores), {max(cores)})
            self.assertEqual(os.sched_getaffinity(running.group), {max(cores)})

    def test_which_sockets_listen(self):
        self.assertTrue(listens(SOCKETS, 443))
        self.assertTrue(listens(SOCKETS.replace(" 0A ", " 07 "), 443))
        self.assertFalse(listens(SOCKETS, 8000))
        self.assertFalse(listens(SOCKETS, 44))

    def assert_fails(self, pattern, *command):
        with self.assertRaisesRegex(Failure, pattern), serving(*command):
            pass

    def test_one_that_ends_at_its_start(self):
        self.assert_fails("ended with 3 at its start .the server.s log: no port", "sh", "-c", "echo no port; exit 3")

    def test_one_that_does_not_listen(self):
        with mock.patch("running.START", 0.2):
            self.assert_fails("does not listen after 0.2 s", "sh", "-c", "sleep 30")

    def test_one_that_ends_meanwhile(self):
        with self.assertRaisesRegex(Failure, "the server ended with -9"):
            with serving(sys.executable, "-c", LISTEN) as running:
                os.kill(running.group, 9)
                os.waitid(os.P_PID, running.group, os.WEXITED | os.WNOWAIT)

    def test_one_that_is_not_there(self):
        self.assert_fails("can't be run", "/nowhere/server")


class Programs(unittest.TestCase):
    def test_what_one_prints(self):
        self.assertEqual(run(["echo", "a word"], 5), "a word\n")

    def test_one_that_fails(self):
        with self.assertRaisesRegex(Failure, "exit code 3 from sh .*: a word$"):
            run(["sh", "-c", "echo a word >&2; exit 3"], 5)

    def test_one_that_takes_too_long(self):
        with self.assertRaisesRegex(Failure, "not ended after 0.1 s"):
            run(["sleep", "30"], 0.1)

    def test_the_first_line_of_one_that_goes_on(self):
        command = ["sh", "-c", "echo ready; sleep 30"]
        with started(command) as process:
            self.assertEqual(first_line(process, command, 5), "ready\n")

    def test_one_that_says_nothing(self):
        for script, pattern in (("sleep 30", "no output after"), ("exit 3", "exit code 3"), ("true", "no output:")):
            command = ["sh", "-c", script]
            with self.assertRaisesRegex(Failure, pattern), started(command) as process:
                first_line(process, command, 0.5)


def alive(group):
    """How many processes of a group have not ended."""
    count = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            state, _, its_group = stat.read_text().rpartition(")")[2].split()[:3]
            count += int(its_group) == group and state != "Z"
    return count


if __name__ == "__main__":
    unittest.main()

"""Tests that no process of a script survives it: `python3 -m unittest`."""

import argparse
import contextlib
import io
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest import mock

import tools
import workbench
from tools import ROOT, Failure, run

# In seconds.
PATIENCE = 10

# For programs that act as a server. Limited, because a test may fail.
WAIT = "for _ in 1 2 3 4 5 6 7 8 9; do sleep 1; done"


def next_of(pipe):
    """The next bytes from a pipe: empty if all writers have closed it, `None` if nothing arrives."""
    ready, _, _ = select.select([pipe], [], [], PATIENCE)
    return os.read(pipe, 64) if ready else None


class Run(unittest.TestCase):
    def assert_all_ended(self, script, seconds, failure=None):
        """Asserts that every process has ended: each holds one end of a pipe, which closes with the last of them."""
        there, here = os.pipe()
        try:
            with contextlib.nullcontext() if failure is None else self.assertRaisesRegex(Failure, failure):
                run(["sh", "-c", script], seconds, pass_fds=[here])
        finally:
            os.close(here)
        try:
            self.assertEqual(next_of(there), b"", "something is left of it")
        finally:
            os.close(there)

    def test_what_it_leaves_behind_is_ended(self):
        self.assert_all_ended("sleep 60 >/dev/null 2>&1 &", PATIENCE)

    def test_what_fails_is_ended(self):
        self.assert_all_ended("sleep 60 >/dev/null 2>&1 & exit 3", PATIENCE, "exit code 3")

    def test_what_takes_too_long_is_ended(self):
        self.assert_all_ended("sleep 60 & sleep 60", 0.2, "not ended after 0.2 s")

    def test_what_has_just_been_started_is_ended(self):
        start = subprocess.Popen

        def start_and_end(*command, **more):
            process = start(*command, **more)
            os.kill(os.getpid(), signal.SIGTERM)
            return process

        def fail(*_):
            raise Failure("ended by SIGTERM")

        handler = signal.signal(signal.SIGTERM, fail)
        try:
            with mock.patch("subprocess.Popen", start_and_end):
                self.assert_all_ended("sleep 60", PATIENCE, "ended by SIGTERM")
        finally:
            signal.signal(signal.SIGTERM, handler)


class Built(unittest.TestCase):
    def test_what_is_no_program(self):
        self.assertEqual(tools.built("/bin/sh"), Path("/bin/sh").resolve())
        for text in ("", "/bin", "/etc/passwd", "/nowhere/axum-trailers"):
            with self.subTest(text), self.assertRaisesRegex(argparse.ArgumentTypeError, "not a program"):
                tools.built(text)


class Script(unittest.TestCase):
    def test_sigterm_while_it_installs_ends_what_it_has_started(self):
        with tempfile.TemporaryDirectory() as folder:
            pipe = Path(folder, "pipe")
            os.mkfifo(pipe)
            # The first program that it starts is apt-get, because all required programs are missing.
            apt = Path(folder, "apt-get")
            apt.write_text(f"#!/bin/sh\nexec 3>{pipe}\necho began >&3\n/bin/sleep 60\n")
            apt.chmod(0o755)
            there = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
            process = subprocess.Popen(
                [sys.executable, ROOT / "interop/clients/run", "/bin/sh"], env={**os.environ, "PATH": folder},
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            )
            try:
                self.assertEqual(next_of(there), b"began\n")
                process.terminate()
                _, said = process.communicate(timeout=PATIENCE)
                self.assertEqual(next_of(there), b"", "something is left of it")
            finally:
                process.kill()
                os.close(there)
        self.assertEqual((process.returncode, said), (1, "FAILED: ended by SIGTERM\n"))


class Cached(unittest.TestCase):
    def test_a_folder_that_several_need_is_filled_once(self):
        filled = []

        def fill(folder):
            filled.append(folder)
            time.sleep(0.1)
            (folder / "file").touch()

        with tempfile.TemporaryDirectory() as home, mock.patch.dict(os.environ, {"XDG_CACHE_HOME": home}):
            with ThreadPoolExecutor(4) as pool, contextlib.redirect_stdout(io.StringIO()):
                folders = set(pool.map(lambda _: tools.cached("a folder", "a key", fill), range(4)))
            [folder] = folders
            self.assertEqual(filled, [folder])
            self.assertTrue((folder / "file").exists())


class Serve(unittest.TestCase):
    def serve(self, script):
        with tempfile.TemporaryDirectory() as folder:
            binary = Path(folder, "binary")
            binary.write_text(f"#!/bin/sh\n{script}\n")
            binary.chmod(0o755)
            said = io.StringIO()
            with mock.patch("workbench.END", 0.5), contextlib.redirect_stderr(said):
                with self.assertRaises(Failure) as failed, workbench.serve(binary):
                    pass
        return str(failed.exception), said.getvalue()

    def test_a_server_that_does_not_end(self):
        failure, said = self.serve(f"trap '' TERM; echo a word >&2; echo https://127.0.0.1:1; echo end; {WAIT}")
        self.assertEqual(failure, "the server did not end within 0.5 s of SIGTERM")
        self.assertIn("a word", said)

    def test_a_server_that_ends_badly(self):
        failure, _ = self.serve("sleep 9 & trap 'kill $!; exit 3' TERM; echo https://127.0.0.1:1; echo end; wait")
        self.assertEqual(failure, "the server ended with 3 after SIGTERM")


if __name__ == "__main__":
    unittest.main()

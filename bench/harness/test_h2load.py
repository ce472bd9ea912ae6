"""Tests that h2load's output is read, and refused if it is not as expected: `python3 -B -m unittest`."""

import tempfile
import unittest
from dataclasses import replace
from pathlib import Path

from h2load import Load, parse, parse_log, report
from running import Running
from servers import P256, X25519, Server
from setting import Setting
from tools import Failure

SAID = """\
starting benchmark...
spawning thread #0: 4 total client(s). Timing-based test with 0.3s of warm-up time and 1s of main duration for measurements.
TLS Protocol: TLSv1.3
Cipher: TLS_AES_128_GCM_SHA256
Server Temp Key: X25519 253 bits
Application protocol: h2
Main benchmark duration is over for thread #0. Stopping all clients.

finished in 1.30s, 13474.50 req/s, 723.88KB/s
requests: 3 total, 3 started, 3 done, 3 succeeded, 0 failed, 0 errored, 0 timeout
status codes: 2 2xx, 0 3xx, 0 4xx, 0 5xx
traffic: 723.88KB (741252) total, 70.10KB (71784) headers (space savings 95.33%), 244.37KB (250236) data
                     min         max         mean         sd        +/- sd
time for request:      151us     32.73ms      8.85ms      4.95ms    71.24%
"""
LOG = "1000000\t0\t500\n1000100\t200\t900\n1000200\t204\t300\n"


class Parse(unittest.TestCase):
    def test_what_all_succeeded_with(self):
        found = parse(SAID, "h2", X25519)
        self.assertEqual((found.requests_per_second, found.done, found.data_bytes), (13474.5, 3, 250236))

    def assert_fails(self, pattern, *words):
        self.assertIn(words[0], SAID)
        with self.assertRaisesRegex(Failure, pattern):
            parse(SAID.replace(*words), "h2", X25519)

    def test_requests_that_failed(self):
        for counts in (
            "4 total, 4 started, 4 done, 3 succeeded, 1 failed, 0 errored, 0 timeout",
            "4 total, 4 started, 3 done, 3 succeeded, 0 failed, 0 errored, 0 timeout",
            "3 total, 3 started, 3 done, 3 succeeded, 0 failed, 1 errored, 0 timeout",
            "3 total, 3 started, 3 done, 3 succeeded, 0 failed, 0 errored, 1 timeout",
            "0 total, 0 started, 0 done, 0 succeeded, 0 failed, 0 errored, 0 timeout",
        ):
            self.assert_fails(
                counts, "3 total, 3 started, 3 done, 3 succeeded, 0 failed, 0 errored, 0 timeout", counts
            )

    def test_another_status(self):
        for status in ("3xx", "4xx", "5xx"):
            self.assert_fails(f"1 {status}", f"0 {status}", f"1 {status}")

    def test_other_settings(self):
        self.assert_fails("TLS Protocol is TLSv1.2", "TLSv1.3", "TLSv1.2")
        self.assert_fails("Cipher is TLS_AES_256", "TLS_AES_128", "TLS_AES_256")
        self.assert_fails("Application protocol is http/1.1", "protocol: h2", "protocol: http/1.1")
        self.assert_fails("Server Temp Key is ECDH", "X25519 253 bits", "ECDH prime256v1 256 bits")
        self.assertTrue(parse(SAID.replace("X25519 253 bits", "ECDH prime256v1 256 bits"), "h2", P256))

    def test_what_is_not_there(self):
        self.assert_fails("no match of .*finished in", "finished in", "ended in")


class Log(unittest.TestCase):
    def test_starts_and_times(self):
        self.assertEqual(parse_log(LOG.splitlines()), ([1000000, 1000100, 1000200], [500, 900, 300]))

    def test_a_stream_that_failed(self):
        for status in ("-1", "500"):
            with self.assertRaisesRegex(Failure, f"ended with {status}"):
                parse_log(LOG.replace("204", status).splitlines())

    def report(self, log, said=SAID):
        with tempfile.TemporaryDirectory() as folder:
            what = Load("https://127.0.0.1:1/small", 4, Path(folder, "log"), seconds=1)
            what.log.write_text(log)
            return report(what, said)

    def test_the_report_has_what_the_log_says(self):
        found = self.report(LOG)
        self.assertEqual((found.p99_microseconds, found.seconds), (900, 0.001))

    def test_a_log_that_lacks_requests(self):
        with self.assertRaisesRegex(Failure, "logged 2 of 3"):
            self.report("".join(LOG.splitlines(keepends=True)[:2]))


class Command(unittest.TestCase):
    def test_a_time_or_a_request_for_each_connection(self):
        timed = Load("https://127.0.0.1:1/small", 4, Path("log"), streams=32, seconds=1.5, warm_up=0.5)
        words = " ".join(map(str, timed.command()))
        self.assertIn("-c 4 -m 32", words)
        self.assertIn("-D 1500ms --warm-up-time 500ms", words)
        self.assertNotIn("-n", words)
        counted = " ".join(map(str, replace(timed, seconds=None, requests_each=8).command()))
        self.assertIn("-n 32", counted)
        self.assertNotIn("-D", counted)

    def test_the_load_of_small_streams(self):
        running = Running(Server("server", "a server", lambda place: []), "127.0.0.1:1", 1)
        setting = Setting(6, Path("client"), Path("files"), Path("logs"), Path("axum-trailers"), 1)
        words = " ".join(map(str, setting.small_load(running, 64, 7).command()))
        self.assertIn("-c 64 -m 32", words)
        self.assertIn("-D 7000ms --warm-up-time 2000ms", words)
        words = " ".join(map(str, setting.small_load(running, 4, 7, http1=True).command()))
        self.assertIn("-c 4 -m 1", words)
        self.assertIn("--h1 -H TE: trailers", words)
        self.assertEqual(setting.small_load(running, 4, 7, path="/plain").url, "https://127.0.0.1:1/plain")


if __name__ == "__main__":
    unittest.main()

"""Tests of what clients download: `python3 -B -m unittest`."""

import hashlib
import sys
import tempfile
import unittest
from pathlib import Path

import downloads
from clients import DISCARDING, MANY, NOWHERE, STORING, Client, Download
from downloads import DOWNLOADS, MIB, big_file, small_files
from running import Running
from servers import H1, H2, workbench
from setting import Setting
from tools import Failure

WHAT = Download(Path("axum-trailers"), H2, ["https://127.0.0.1:1/files/a"])


def python(code):
    return [sys.executable, "-c", code]


class Commands(unittest.TestCase):
    def test_all_ask_for_the_same(self):
        for what in (WHAT, WHAT.to(Path("received"))):
            for client in (*DISCARDING, *STORING):
                words = [str(word) for command in client.pipeline(what) for word in command]
                self.assertIn("--http2", words)
                self.assertIn(WHAT.urls[0], words)
                # `get` does by itself.
                self.assertEqual("TE: trailers" in words, not client.ours)

    def test_each_stores_the_content(self):
        for client in STORING:
            self.assertIn(Path("received"), sum(map(list, client.pipeline(WHAT.to(Path("received")))), []))

    def test_ours_fails_without_a_digest(self):
        for client in (*DISCARDING, *STORING, *MANY):
            self.assertEqual("--require-digest" in client.pipeline(WHAT)[0], client.ours)


class Works(unittest.TestCase):
    """With programs that only write files, and no server."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.files, logs = Path(folder.name, "files"), Path(folder.name, "logs")
        self.files.mkdir()
        logs.mkdir()
        self.setting = Setting(1, Path("client"), self.files, logs, Path("axum-trailers"), 1)
        self.running = Running(workbench(Path("axum-trailers")), "127.0.0.1:1", 0)

    def measure(self, work, client):
        return next(one for one in DOWNLOADS if one.name == work).measure(self.running, self.setting, client)

    def test_content_is_as_large_as_set_and_the_same_each_time(self):
        content = big_file(self.files, 1)
        self.assertEqual((content.size, content.path.stat().st_size), (MIB, MIB))
        self.assertEqual(hashlib.sha256(content.path.read_bytes()).hexdigest(), content.digest)
        self.assertEqual(len({path.read_bytes() for path in small_files(self.files)}), downloads.FILES)

    def test_a_client_that_prints_something_else_has_failed(self):
        content = big_file(self.files, 1)
        for prints_digest, proof in ((True, content.digest), (False, str(MIB))):
            def client(text, prints_digest=prints_digest):
                return Client("it", "it", lambda what: [["echo", text]], prints_digest=prints_digest)

            self.assertEqual(set(self.measure(f"get-{H1}", client(proof))), {"seconds", "cpu_seconds", "peak"})
            with self.assertRaises(Failure):
                self.measure(f"get-{H1}", client("0"))

    def test_wrong_content_in_the_file_is_a_failure(self):
        content = big_file(self.files, 1)

        def client(source):
            return Client("it", "it", lambda what: [["cp", source, what.target], ["echo", str(MIB)]])

        self.assertGreater(self.measure(f"get-file-{H2}", client(content.path))["seconds"], 0)
        other = self.files / "other"
        other.write_bytes(bytes(MIB))
        with self.assertRaisesRegex(Failure, "wrong content"):
            self.measure(f"get-file-{H2}", client(other))

    def test_a_missing_or_wrong_file_of_many_is_a_failure(self):
        many = small_files(self.files)[0].parent

        def client(code):
            return Client("it", "it", lambda what: [["sh", "-c", f"cp {many}/* . && {code}"]])

        self.assertGreater(self.measure(f"get-many-{H1}", client("true"))["seconds"], 0)
        for code in ("echo >0007", "rm 0007", "cp 0006 0006.part"):
            with self.assertRaisesRegex(Failure, "exactly these files"):
                self.measure(f"get-many-{H1}", client(code))

    def test_nothing_received_remains(self):
        self.measure(f"get-{H2}", Client("it", "it", lambda what: [["echo", str(MIB)]]))
        with self.setting.received() as folder:
            self.assertEqual(list(folder.iterdir()), [])
        self.assertEqual(list(self.setting.logs.iterdir()), [])
        self.assertTrue(NOWHERE.exists())


if __name__ == "__main__":
    unittest.main()

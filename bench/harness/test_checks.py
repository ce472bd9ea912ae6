"""Tests that trailer fields are distinguished from header fields: `python3 -B -m unittest`."""

import unittest

from checks import trailers_of_dump, trailers_of_frames
from tools import Failure

HEAD = "HTTP/1.1 200 OK\r\nTrailer: chunky-trailer\r\nchunky-trailer: early\r\n\r\n"
FRAMES = """\
[  0.027] recv (stream_id=13) :status: 200
[  0.027] recv (stream_id=13) trailer: chunky-trailer
[  0.027] recv (stream_id=13) chunky-trailer: early
[  0.027] recv HEADERS frame <length=124, flags=0x04, stream_id=13>
          ; END_HEADERS
[  0.027] recv DATA frame <length=8, flags=0x00, stream_id=13>
[  0.027] recv DATA frame <length=6, flags=0x00, stream_id=13>
"""
BEHIND = """\
[  0.027] recv (stream_id=13) chunky-trailer: foo
[  0.027] recv HEADERS frame <length=16, flags=0x05, stream_id=13>
          ; END_STREAM | END_HEADERS
"""


class Trailers(unittest.TestCase):
    def test_over_http_1(self):
        self.assertEqual(trailers_of_dump(HEAD), [])
        self.assertEqual(trailers_of_dump(f"{HEAD}Chunky-Trailer: foo\r\n"), ["chunky-trailer: foo"])

    def test_over_http_2(self):
        self.assertEqual(trailers_of_frames(FRAMES), [])
        self.assertEqual(trailers_of_frames(FRAMES + BEHIND), ["chunky-trailer: foo"])

    def test_no_body(self):
        with self.assertRaisesRegex(Failure, "no body"):
            trailers_of_frames(BEHIND)


if __name__ == "__main__":
    unittest.main()

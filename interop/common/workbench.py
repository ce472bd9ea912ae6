"""A running server for other programs."""

import os
import queue
import subprocess
import sys
import tempfile
import threading
from contextlib import contextmanager

from tools import Failure

# In seconds.
START = 30
END = 20

ADDRESSES = ("https://", "http://", "unix:", "HTTP/3: ")


class Running:
    """The addresses of a running server, the id of its process, and its log."""

    def __init__(self, process, log):
        self.url = None
        self.id = process.pid
        # Its other addresses, as it prints them.
        self.more = []
        self._log = log

    def log(self, offset=0):
        """What is in its log from this byte on."""
        # The server writes at the position that both processes share, so it must not move.
        return os.pread(self._log.fileno(), os.fstat(self._log.fileno()).st_size - offset, offset)


@contextmanager
def serve(binary, *options):
    """Starts a built binary on a free port, with these options. It must run until the end and exit successfully."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [binary, "--listen", "127.0.0.1:0", "--redirect", "off", "--dir", folder, "--shutdown-timeout", "5", *options],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True,
        )
        running = Running(process, log)
        try:
            url, *running.more = (address for address in _addresses(process) if not address.startswith("HTTP/3: "))
            running.url = url.replace("127.0.0.1", "localhost")
            yield running
            if process.poll() is not None:
                raise Failure(f"the server ended with {process.returncode}")
            process.terminate()
            try:
                process.wait(END)
            except subprocess.TimeoutExpired:
                raise Failure(f"the server did not end within {END} s of SIGTERM") from None
            if process.returncode:
                raise Failure(f"the server ended with {process.returncode} after SIGTERM")
        except Failure:
            lines = running.log().decode(errors="replace").splitlines()
            print("The server's log:", *lines[-20:], sep="\n  | ", file=sys.stderr)
            raise
        finally:
            process.kill()
            process.wait()
            process.stdout.close()


def _addresses(process):
    """The addresses that it prints: the first lines."""
    printed = queue.Queue()

    def read():
        lines = []
        while (line := process.stdout.readline().strip()).startswith(ADDRESSES):
            lines.append(line)
        printed.put((lines, line))

    threading.Thread(target=read, daemon=True).start()
    try:
        lines, other = printed.get(timeout=START)
    except queue.Empty:
        raise Failure(f"the server did not print its addresses within {START} s") from None
    if not lines or not lines[0].startswith("https://127.0.0.1:"):
        raise Failure(f"the server printed {[*lines, other][0]!r} where its URL was expected")
    return lines

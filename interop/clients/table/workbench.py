"""The server for the clients."""

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


@contextmanager
def serve(binary):
    """Starts a built binary on a free port, and yields its URL. It must run until the end and exit successfully."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            [binary, "--listen", "127.0.0.1:0", "--redirect", "off", "--dir", folder, "--shutdown-timeout", "5"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True,
        )
        try:
            yield _url(process)
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
            log.seek(0)
            print("The server's log:", *log.read().splitlines()[-20:], sep="\n  | ", file=sys.stderr)
            raise
        finally:
            process.kill()
            process.wait()
            process.stdout.close()


def _url(process):
    first = queue.Queue()
    threading.Thread(target=lambda: first.put(process.stdout.readline()), daemon=True).start()
    try:
        line = first.get(timeout=START).strip()
    except queue.Empty:
        raise Failure(f"the server did not print its URL within {START} s") from None
    if not line.startswith("https://127.0.0.1:"):
        raise Failure(f"the server printed {line!r} where its URL was expected")
    return line.replace("127.0.0.1", "localhost")

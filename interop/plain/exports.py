"""Ten clients that export at once through a proxy."""

import subprocess
import time

from checks import check
from exchange import curl, sections_of, status_of
from modes import Client
from tools import Failure

COUNT = 10

# The limit of one client, which is the server's default.
OF_ONE_CLIENT = 8

# Much more than a connection holds while its reader pauses.
EXPORT = "/export/orders?format=json"

# In seconds.
PATIENCE = 20


class Exports:
    """How many of ten exports are accepted, while all of them run."""

    def __init__(self, name, port, folder, over_tls=False, are_one_client=False):
        self.accepted = OF_ONE_CLIENT if are_one_client else COUNT
        self.name = f"{name}: {self.accepted} of {COUNT} exports at once"
        self.url = f"{'https' if over_tls else 'http'}://127.0.0.1:{port}{EXPORT}"
        self.heads = [folder / f"{port}-{number}.head" for number in range(COUNT)]

    def check(self):
        exports = []
        try:
            for number, head in enumerate(self.heads):
                head.touch()
                slowly = ["--limit-rate", "1k", "-D", head, "-o", "/dev/null", self.url]
                command = curl(Client("HTTP/1.1", sends_te=False), f"127.0.0.{number + 11}", *slowly)
                exports.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
            statuses = [_status(head) for head in self.heads]
            expected = [200] * self.accepted + [429] * (COUNT - self.accepted)
            check(f"{self.name}: statuses", sorted(statuses), expected)
            ended = [status for export, status in zip(exports, statuses, strict=True) if export.poll() is not None]
            check(f"{self.name}: accepted exports that ended before the last began", ended.count(200), 0)
        finally:
            for export in exports:
                export.kill()
                export.wait()


def _status(head):
    end = time.monotonic() + PATIENCE
    while not (status := status_of(sections_of(head)[0][0])):
        if time.monotonic() > end:
            raise Failure(f"no response to an export within {PATIENCE} s")
        time.sleep(0.02)
    return status

"""Runs the commands that show what a proxy does wrong."""

import os

from console import matches, missing_line
from tools import Failure, finished

# In seconds.
LIMIT = 60


def check(proxy, fault, addresses, folder, programs):
    """Runs the command in the proxy's folder. `programs` is a folder with `axum-trailers`."""
    environment = os.environ | {"PATH": f"{programs}:{os.environ['PATH']}", "HOME": str(folder)}
    command = ["sh", "-c", f"{{ {addresses.applied(fault.command)}\n}} 2>&1"]
    printed = addresses.undone(finished(command, LIMIT, cwd=folder, env=environment).stdout)
    missing = missing_line(fault.prints.strip("\n").splitlines(), printed)
    if missing is not None:
        raise Failure(f"{_what(proxy, fault)}: no line like «{missing}»:\n{printed}")
    for line in fault.lacks:
        if any(matches(line, other) for other in printed.splitlines()):
            raise Failure(f"{_what(proxy, fault)}: a line like «{line}»:\n{printed}")


def _what(proxy, fault):
    return f"{proxy.name} {fault.program}, {fault.configuration}: {fault.says}\n  $ {fault.command}"

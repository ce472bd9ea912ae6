"""What a command prints, compared with lines that a document shows."""

import os
import re

from tools import Failure, finished

# In seconds.
LIMIT = 60


def named(binary, folder):
    """A built axum-trailers under this name, in a new folder below another one."""
    path = folder / "programs/axum-trailers"
    path.parent.mkdir()
    path.symlink_to(binary)
    return path


def output(command, addresses, folder, programs):
    """What a shell command prints, with the ports here, in this folder. `programs` is a folder with `axum-trailers`."""
    environment = os.environ | {"PATH": f"{programs}:{os.environ['PATH']}", "HOME": str(folder)}
    shell = ["sh", "-c", f"{{ {addresses.applied(command)}\n}} 2>&1"]
    return addresses.undone(finished(shell, LIMIT, cwd=folder, env=environment).stdout)


def check(what, command, prints, lacks, *where):
    """The lines of `prints` must come, in this order, and those of `lacks` must not."""
    printed = output(command, *where)
    ran = f"{what}\n  $ {command}"
    missing = missing_line(prints.strip("\n").splitlines(), printed)
    if missing is not None:
        raise Failure(f"{ran}\nprints no line like «{missing}»:\n{printed}")
    for line in lacks:
        if any(matches(line, other) for other in printed.splitlines()):
            raise Failure(f"{ran}\nprints a line like «{line}»:\n{printed}")


def missing_line(expected, output):
    """The first expected line that does not come, in this order. `…` stands for any text. curl prints fields right behind
    content without a line end."""
    expected = [line for line in expected if line != "…"]
    for line in output.splitlines():
        if not expected:
            break
        if matches(expected[0], line):
            expected.pop(0)
    return expected[0] if expected else None


def matches(expected, line):
    pattern = ".*".join(re.escape(part) for part in expected.split("…"))
    return re.match(rf"{pattern}(?: *$|[<*])", line) is not None

"""What a command prints, compared with lines that a document shows."""

import re


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

"""Committed files that are made from something else: compared with it, or written."""

import difflib

from tools import ROOT


def agree(path, found, write):
    """Writes a file, or returns how it differs from what it should be: nothing if it does not."""
    if write:
        path.write_text(found)
    return difference(path, path.read_text() if path.exists() else "", found)


def difference(path, was, found):
    name = str(path.relative_to(ROOT))
    return "".join(difflib.unified_diff(was.splitlines(True), found.splitlines(True), name, "found"))

"""Programs of Debian sid, in a folder of their own."""

from tools import Failure


def folder(package):
    raise Failure(f"{package} of sid: not available yet")

#!/usr/bin/env python3
"""The fields of the request to `/inspect`; other responses end in the middle, because the script is killed."""

import os
import signal
import sys

sys.stdin.buffer.read()
print("Content-Type: text/plain\n")
if os.environ["SCRIPT_NAME"] == "/cgi":
    print("hello, hello, hello, hello, he\n\n" * 64, end="", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
for name, value in os.environ.items():
    if name.startswith("HTTP_"):
        print(f"{name[5:].lower().replace('_', '-')}: {value}")

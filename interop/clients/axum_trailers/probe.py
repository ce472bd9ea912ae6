"""One exchange with `axum-trailers`, this project's client."""

import re
import subprocess
import tempfile
from pathlib import Path

from exchange import Exchange, arguments, fields, status

VERSIONS = {"HTTP/3": "--http3", "HTTP/2": "--http2", "HTTP/1.1": "--http1.1"}

# The exit code for whole content that its digest does not fit.
MISMATCH = 7

url, protocol, te, trailer = arguments()
told = Exchange()
with tempfile.TemporaryDirectory() as folder:
    head, body = Path(folder, "head"), Path(folder, "body")
    options = ["--quiet", VERSIONS[protocol], "--dump-header", head, *["--header", "TE: trailers"] * te]
    if trailer:
        command = ["send", *options, "--data", "hello", "--trailer", "x-sum: 1", url]
    else:
        command = ["get", *options, "--output", body, url]
    run = subprocess.run(["axum-trailers", *command], capture_output=True)
    section, _, behind = head.read_text().partition("# trailer section\n")
    # A file is complete only once it has this name.
    told.content = run.stdout if trailer else next(file for file in Path(folder).iterdir() if file != head).read_bytes()
told.status = status(r"(?m)^HTTP/\S+ (\d{3})", section)
told.trailers = fields(behind)
if run.returncode not in (0, MISMATCH):
    told.error = f"exit code {run.returncode}"
for verb in ("get", "send"):
    listed = subprocess.run(["axum-trailers", verb, "--help"], capture_output=True, text=True, check=True).stdout
    told.names += [f"{verb} {name}" for name in re.findall(r"(?m)^ +(?:-\w, )?(--\S*trail\w*)", listed)]
told.tell()

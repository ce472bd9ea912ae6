"""One exchange with gtlsclient, which prints sections field by field."""

import re
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from exchange import Exchange, arguments, status

# What it prints for H3_NO_ERROR, the end of a whole response.
WHOLE = "256"
FIELD = r"(?m)^http: stream 0x0 \[(?!:)([^ ]+): (.*)\]$"

url, _protocol, _te, trailer = arguments()
parts = urlsplit(url)
told = Exchange()
with tempfile.TemporaryDirectory() as folder:
    here = Path(folder)
    (here / "received").mkdir()
    # It has no option for a field, in whichever section.
    options = ["--exit-on-all-streams-close", "--no-quic-dump", "--no-http-dump", f"--download={here / 'received'}"]
    if trailer:
        (here / "content").write_text("hello")
        options += ["--http-method=POST", f"--data={here / 'content'}"]
    run = subprocess.run(
        ["gtlsclient", *options, parts.hostname, str(parts.port), url], capture_output=True, text=True, errors="replace"
    )
    told.content = b"".join(file.read_bytes() for file in (here / "received").iterdir())
told.status = status(r"(?m)^http: stream 0x0 \[:status: (\d{3})\]$", run.stderr)
section = re.search(r"(?s)^http: stream 0x0 trailers started\n(.*)^http: stream 0x0 trailers ended$", run.stderr, re.MULTILINE)
if section:
    told.trailers = re.findall(FIELD, section[1])
closed = re.search(r"(?m)^HTTP stream 0 closed with error code (\d+)$", run.stderr)
if run.returncode:
    told.error = f"exit code {run.returncode}"
elif closed is None:
    told.error = "the stream was not closed"
elif closed[1] != WHOLE:
    told.hint = f"exit code 0; standard error: `{closed[0]}`"
options = subprocess.run(["gtlsclient", "--help"], capture_output=True, text=True, check=True).stdout
told.names = re.findall(r"(?m)^ +(--\S*trail\w*)", options)
told.tell()

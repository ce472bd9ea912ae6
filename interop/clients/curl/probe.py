"""One exchange with curl."""

import re
import subprocess
import tempfile
from pathlib import Path

from exchange import Exchange, arguments, fields, status

url, protocol, te, trailer = arguments()
command = ["curl", "-q", "-sS", "--http2" if protocol == "HTTP/2" else "--http1.1"]
if te:
    command += ["-H", "TE: trailers"]
if trailer:
    command += ["-d", "hello", "-H", "Transfer-Encoding: chunked", "-H", "Trailer: x-sum"]
told = Exchange()
with tempfile.TemporaryDirectory() as folder:
    head, body = Path(folder, "head"), Path(folder, "body")
    run = subprocess.run([*command, "-D", head, "-o", body, url])
    # Trailer fields follow the empty line that ends the header section.
    section, _, behind = head.read_bytes().decode().partition("\r\n\r\n")
    told.status = status(r"(?m)^HTTP/\S+ (\d{3})", section)
    told.trailers = fields(behind)
    told.content = body.read_bytes()
if run.returncode:
    told.error = f"exit code {run.returncode}"
options = subprocess.run(["curl", "--help", "all"], capture_output=True, text=True, check=True).stdout
told.names = re.findall(r"--\S*trail\S*", options)
told.tell()

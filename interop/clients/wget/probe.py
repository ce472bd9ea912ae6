"""One exchange with wget, without retries: by default it retries a cut transfer up to twenty times."""

import re
import subprocess
import tempfile
from pathlib import Path

from exchange import Exchange, arguments, fields, status

url, protocol, te, trailer = arguments()
command = ["wget", "--tries=1", "--server-response", "--no-warc-compression", "--no-warc-keep-log", "-O", "-"]
if te:
    command += ["--header", "TE: trailers"]
if trailer:
    command += ["--post-data", "hello", "--header", "Trailer: x-sum"]
with tempfile.TemporaryDirectory() as folder:
    run = subprocess.run([*command, f"--warc-file={folder}/exchange", url], capture_output=True)
    archive = Path(folder, "exchange.warc").read_bytes()
# The archive contains no cut responses.
told = Exchange(status(rb"(?m)^ *HTTP/\S+ (\d{3})", run.stderr), run.stdout)
# The archive contains raw responses, including the trailer section after the last chunk.
section = re.search(rb"\r\n0\r\n((?:[^\r\n]+\r\n)*)", archive)
if section:
    told.trailers = fields(section[1].decode())
if run.returncode:
    told.error = f"exit code {run.returncode}"
options = subprocess.run(["wget", "--help"], capture_output=True, text=True, check=True).stdout
told.names = re.findall(r"--\S*trail\S*", options)
told.tell()

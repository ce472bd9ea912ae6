"""One exchange with nghttp, which prints frames (`-v`) and content to the same stream."""

import re
import subprocess
import tempfile

from exchange import Exchange, arguments, fields, status

FRAME = rb"\[ *\d+\.\d{3}\] .*\n(?: {10}.*\n)*"
TRAILERS = r"recv DATA (?s:.*?)((?:\[ *\d+\.\d{3}\] recv \(stream_id=\d+\) .*\n)+)"

url, protocol, te, trailer = arguments()
command = ["nghttp", "-v"]
if te:
    command += ["-H", "te: trailers"]
with tempfile.NamedTemporaryFile() as content:
    content.write(b"hello")
    content.flush()
    if trailer:
        command += ["-d", content.name, "--trailer", "x-sum: 1"]
    run = subprocess.run([*command, url], capture_output=True)
frames = run.stdout.partition(b"] Connected\n")[2]
told = Exchange(content=re.sub(FRAME, b"", frames.partition(b"\n")[2]))
log = b"".join(re.findall(FRAME, frames)).decode()
told.status = status(r"recv \(stream_id=\d+\) :status: (\d{3})", log)
section = re.search(TRAILERS, log)
if section:
    told.trailers = fields(re.sub(r".*?\) ", "", section[1]))
if run.returncode:
    told.error = f"exit code {run.returncode}"
elif run.stderr:
    told.hint = "exit code 0; standard error: `" + run.stderr.decode().partition(".")[0] + "`"
options = subprocess.run(["nghttp", "--help"], capture_output=True, text=True, check=True).stdout
told.names = re.findall(r"(?m)^ +(--\S*trail\w*)", options)
told.tell()

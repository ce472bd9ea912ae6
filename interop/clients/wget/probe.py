"""One exchange with wget, once: by default it would ask twenty times where a transfer breaks."""

import re
import subprocess

from exchange import Exchange, arguments, fields

url, protocol, te, trailer = arguments()
command = ["wget", "--tries=1", "--server-response", "-O", "-"]
if te:
    command += ["--header", "TE: trailers"]
if trailer:
    command += ["--post-data", "hello", "--header", "Trailer: x-sum"]
run = subprocess.run([*command, url], capture_output=True)
told = Exchange(content=run.stdout)
# Fields of the header section are indented alike; trailers would come behind it.
_, _, behind = run.stderr.decode().partition("\nSaving to: ")
told.trailers = fields("\n".join(re.findall(r"(?m)^  ([a-z0-9-]+: .*)$", behind)))
if run.returncode:
    told.error = f"exit code {run.returncode}"
options = subprocess.run(["wget", "--help"], capture_output=True, text=True, check=True).stdout
told.names = re.findall(r"--\S*trailer\S*", options)
told.tell()

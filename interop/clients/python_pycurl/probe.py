"""One exchange with pycurl."""

import io
import os
import re

import pycurl

from exchange import Exchange, arguments, fields, names, status

VERSIONS = {
    "HTTP/3": pycurl.CURL_HTTP_VERSION_3ONLY,
    "HTTP/2": pycurl.CURL_HTTP_VERSION_2TLS,
    "HTTP/1.1": pycurl.CURL_HTTP_VERSION_1_1,
}

url, protocol, te, trailer = arguments()
told = Exchange(names=names(pycurl))
lines, content = [], io.BytesIO()
header = ["TE: trailers"] if te else []
curl = pycurl.Curl()
if trailer:
    header += ["Transfer-Encoding: chunked", "Trailer: x-sum"]
    curl.setopt(pycurl.POST, True)
    curl.setopt(pycurl.READFUNCTION, io.BytesIO(b"hello").read)
    curl.setopt(pycurl.TRAILERFUNCTION, lambda: ["x-sum: 1"])
curl.setopt(pycurl.URL, url)
curl.setopt(pycurl.HTTP_VERSION, VERSIONS[protocol])
curl.setopt(pycurl.CAINFO, os.environ["SSL_CERT_FILE"])
curl.setopt(pycurl.HTTPHEADER, header)
curl.setopt(pycurl.HEADERFUNCTION, lines.append)
curl.setopt(pycurl.WRITEFUNCTION, content.write)
curl.setopt(pycurl.TIMEOUT, 60)
try:
    curl.perform()
except pycurl.error as error:
    told.error = f"pycurl.error {error.args[0]}"
# Each response begins with a status line, also an interim one. Trailer fields follow the empty line that ends the header section.
*_, last = re.split(r"(?m)^(?=HTTP/)", b"".join(lines).decode())
head, _, behind = last.partition("\r\n\r\n")
told.status = status(r"^HTTP/\S+ (\d{3})", head)
told.trailers = fields(behind)
told.content = content.getvalue()
told.tell()

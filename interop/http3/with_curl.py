"""Exchanges with libcurl."""

import io
import re

import pycurl

from over_http3 import Response
from tools import ROOT

CERTIFICATE = str(ROOT / "self_signed_certs/cert.pem")

# In seconds.
LIMIT = 300

VERSIONS = {"HTTP/3": pycurl.CURL_HTTP_VERSION_3ONLY, "HTTP/2": pycurl.CURL_HTTP_VERSION_2TLS}


def exchange(protocol, method, url, fields=(), content=None, take=None):
    """Sends a request over this protocol and no other. `take` gets the content piece by piece; without, it is in the response."""
    lines, kept = [], io.BytesIO()
    curl = pycurl.Curl()
    curl.setopt(pycurl.URL, url)
    curl.setopt(pycurl.HTTP_VERSION, VERSIONS[protocol])
    curl.setopt(pycurl.CAINFO, CERTIFICATE)
    curl.setopt(pycurl.TIMEOUT, LIMIT)
    curl.setopt(pycurl.PATH_AS_IS, True)
    lines_sent = [f"{name}: {value}" for name, value in fields]
    # libcurl itself would add `Expect` to some uploads.
    curl.setopt(pycurl.HTTPHEADER, lines_sent if "expect" in dict(fields) else [*lines_sent, "Expect:"])
    curl.setopt(pycurl.HEADERFUNCTION, lines.append)
    curl.setopt(pycurl.WRITEFUNCTION, take or kept.write)
    if content is not None:
        curl.setopt(pycurl.UPLOAD, True)
        curl.setopt(pycurl.READFUNCTION, io.BytesIO(content).read)
        curl.setopt(pycurl.INFILESIZE_LARGE, len(content))
    curl.setopt(pycurl.NOBODY, method == "HEAD")
    curl.setopt(pycurl.CUSTOMREQUEST, method)
    response = Response()
    try:
        curl.perform()
    except pycurl.error as error:
        response.error = "libcurl: {} ({})".format(error.args[1], error.args[0])
    _add(response, b"".join(lines).decode("latin-1"))
    response.content = kept.getvalue()
    curl.close()
    return response


def _add(response, printed):
    """Adds the sections, each as libcurl passes it on: a status line, fields, an empty line. Trailers follow the last one."""
    for section in re.split(r"(?m)^(?=HTTP/)", printed)[1:]:
        head, _, behind = section.partition("\r\n\r\n")
        status, *fields = head.splitlines()
        found = _fields(fields)
        if (code := int(status.split()[1])) < 200:
            response.interim.append(found)
        else:
            response.status, response.fields, response.trailers = code, found, _fields(behind.splitlines())


def _fields(lines):
    split = (line.partition(":") for line in lines if line)
    return [(name.lower(), value.strip()) for name, _, value in split]

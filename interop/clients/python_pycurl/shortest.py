import os
import sys

import pycurl

url, version = (*sys.argv[1:], "3")[:2]
lines = []
curl = pycurl.Curl()
curl.setopt(pycurl.URL, url)
curl.setopt(pycurl.HTTP_VERSION, getattr(pycurl, f"CURL_HTTP_VERSION_{version}"))
curl.setopt(pycurl.CAINFO, os.environ["SSL_CERT_FILE"])
curl.setopt(pycurl.HTTPHEADER, ["TE: trailers"])
curl.setopt(pycurl.HEADERFUNCTION, lines.append)
curl.setopt(pycurl.WRITEFUNCTION, lambda content: None)
curl.perform()
for line in lines[lines.index(b"\r\n") + 1:]:
    print(line.decode().strip())

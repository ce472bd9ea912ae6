"""One exchange with Python's http.client."""

import http.client
import ssl
from urllib.parse import urlsplit

from exchange import Exchange, arguments, names

url, _protocol, te, trailer = arguments()
parts = urlsplit(url)
target = f"{parts.path}?{parts.query}"
told = Exchange(names=names(http.client.HTTPSConnection, http.client.HTTPResponse))
connection = http.client.HTTPSConnection(parts.netloc, timeout=60, context=ssl.create_default_context())
try:
    connection.putrequest("POST" if trailer else "GET", target)
    if te:
        connection.putheader("TE", "trailers")
    if trailer:
        connection.putheader("Trailer", "x-sum")
        connection.putheader("Transfer-Encoding", "chunked")
    connection.endheaders()
    if trailer:
        # It has no API for trailers, but sends raw bytes.
        connection.send(b"5\r\nhello\r\n0\r\nx-sum: 1\r\n\r\n")
    response = connection.getresponse()
    told.status = response.status
    # Trailers could only be among the header fields.
    before = response.headers.items()
    told.content = response.read()
    told.trailers = [(name.lower(), value) for name, value in response.headers.items() if (name, value) not in before]
except http.client.IncompleteRead as error:
    told.content = error.partial
    told.error = type(error).__name__
except OSError as error:
    told.error = type(error).__name__
told.tell()

"""One exchange with httpx."""

import httpx

from exchange import Exchange, arguments, names

url, protocol, te, trailer = arguments()
headers = {"TE": "trailers"} if te else {}
if trailer:
    headers["Trailer"] = "x-sum"
# The closest it gets to a trailer: an announcement, and content of unknown length.
content = iter([b"hello"]) if trailer else None
told = Exchange(names=names(httpx, httpx.Request, httpx.Response, httpx.Client))
try:
    with (
        httpx.Client(http1=protocol == "HTTP/1.1", http2=protocol == "HTTP/2", timeout=60) as client,
        client.stream("POST" if trailer else "GET", url, headers=headers, content=content) as response,
    ):
        told.status = response.status_code
        before = response.headers.multi_items()
        for chunk in response.iter_raw():
            told.content += chunk
        # Trailers could be among the header fields or the extensions.
        told.trailers = [field for field in response.headers.multi_items() if field not in before]
        told.names += [f"extensions.{name}" for name in response.extensions if "trail" in name]
except httpx.HTTPError as error:
    told.error = type(error).__name__
told.tell()

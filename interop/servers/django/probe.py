"""What the shortest program lacks: a digest, a handler that fails, what a view sees of a request's trailers, and mistakes."""

import base64
import hashlib

from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from shortest import application, urlpatterns

__all__ = ["application", "wsgi"]

wsgi = get_wsgi_application()


def trailers(request, **headers):
    fields = request.scope["trailers"] = {}

    async def content():
        digest = hashlib.sha256()
        for part in ("hel", "lo\n"):
            digest.update(part.encode())
            yield part
        fields["content-digest"] = f"sha-256=:{base64.b64encode(digest.digest()).decode()}:"
        fields["x-sum"] = "1"

    return StreamingHttpResponse(content(), headers=headers)


def announced(request):
    return trailers(request, Trailer="Content-Digest, X-Sum")


async def dies(request):
    request.scope["trailers"] = {}

    async def content():
        yield "x" * 4096
        raise RuntimeError("the view fails")

    return StreamingHttpResponse(content(), headers={"Trailer": "X-Sum"})


def late(request):
    """Sets a header field after the content: too late, and not an error."""

    def content():
        yield "hello\n"
        response["X-Sum"] = "1"

    response = StreamingHttpResponse(content(), headers={"Trailer": "X-Sum"})
    return response


@csrf_exempt
def inspect(request):
    """Django has no trailers of requests: prints all header fields, among which a server may put them."""
    assert request.body is not None
    return HttpResponse("".join(f"{name.lower()}: {value}\n" for name, value in request.headers.items()))


@csrf_exempt
def length(request):
    return HttpResponse(f"{len(request.body)} bytes arrived\n")


urlpatterns += [path(view.__name__, view) for view in (trailers, announced, dies, late, inspect, length)]

from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import StreamingHttpResponse
from django.urls import path


def with_trailers(application):
    """Sends the trailers that a view puts into `request.scope["trailers"]`, if server and client can have them."""

    async def wrapped(scope, receive, send):
        possible = "http.response.trailers" in scope.get("extensions", {}) and (b"te", b"trailers") in scope["headers"]

        async def send_all(message):
            sent = possible and "trailers" in scope
            if message["type"] == "http.response.start":
                headers = [field for field in message["headers"] if sent or field[0] != b"Trailer"]
                message = message | {"headers": headers, "trailers": sent}
            await send(message)
            if sent and message["type"] == "http.response.body" and not message.get("more_body"):
                fields = [(name.encode(), value.encode()) for name, value in scope["trailers"].items()]
                await send({"type": "http.response.trailers", "headers": fields})

        await application(scope, receive, send_all)

    return wrapped


async def hello(request):
    trailers = request.scope["trailers"] = {}

    async def content():
        yield "hello\n"
        trailers["x-sum"] = "1"

    return StreamingHttpResponse(content(), headers={"Trailer": "X-Sum"})


settings.configure(ALLOWED_HOSTS=["localhost"], ROOT_URLCONF=__name__)
urlpatterns = [path("", hello)]
application = with_trailers(get_asgi_application())

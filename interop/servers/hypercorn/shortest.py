from fastapi import FastAPI, Response

app = FastAPI()


class WithTrailers(Response):
    async def __call__(self, scope, receive, send):
        sent = "http.response.trailers" in scope.get("extensions", {}) and (b"te", b"trailers") in scope["headers"]
        header = [(b"trailer", b"x-sum")] if sent else []
        await send({"type": "http.response.start", "status": 200, "headers": header, "trailers": sent})
        await send({"type": "http.response.body", "body": b"hello\n"})
        if sent:
            await send({"type": "http.response.trailers", "headers": [(b"x-sum", b"1")]})


@app.get("/")
async def hello():
    return WithTrailers()

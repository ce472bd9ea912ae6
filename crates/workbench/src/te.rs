//! `GET /te`: what this request contains about trailers, and what the server concludes from it.
//!
//! ```text
//! curl -v -k --no-buffer 'https://localhost:3000/te'
//! ```
//!
//! Over HTTP/2 trailers are always sent, over HTTP/1.1 and HTTP/3 only to clients that send `TE: trailers`
//! ([RFC 9110 §10.1.4](https://www.rfc-editor.org/rfc/rfc9110#section-10.1.4)). The body contains the conclusion. If
//! trailers are sent, `X-Protocol`, `X-TE` and `X-Trailers` repeat it as trailers. If the body promises trailers and
//! none arrive, something on the way has dropped them. `hops` are the proxies that the request has passed, as in
//! [`POST /inspect`](super::inspect), and `server` is the program that has received it.

use super::{
    hops::hops,
    request_summary::{concluded, values},
};
use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use axum_trailers::{
    body::{self, FinishError},
    syntax::protocol_name,
    trailers::{Declared, Trailers},
};
use http_02::{HeaderName, Request, header};
use serde_json::{Value, json};

const X_PROTOCOL: HeaderName = HeaderName::from_static("x-protocol");
const X_TE: HeaderName = HeaderName::from_static("x-te");
const X_TRAILERS: HeaderName = HeaderName::from_static("x-trailers");

pub(super) async fn te(request: Request<Body>) -> Response {
    let protocol = protocol_name(request.version());
    let te = values(request.headers(), &header::TE).join(", ");
    let account = json!({
        "protocol": protocol,
        "te": if te.is_empty() { Value::Null } else { te.as_str().into() },
        "trailers": concluded(&request),
        "hops": hops(request.headers()),
        "server": { "name": "axum-trailers", "version": env!("CARGO_PKG_VERSION") },
    });
    let content = format!("{account:#}\n");
    let declared = Declared::new([X_PROTOCOL, X_TE, X_TRAILERS]).expect("permitted fields");
    let (mut sender, body) = body::channel(1024, declared);
    super::spawn::task(async move {
        sender.send(content).await.map_err(|_unsent| FinishError::ReaderGone)?;
        let mut trailers = Trailers::new();
        trailers.insert(X_PROTOCOL, protocol)?;
        trailers.insert(X_TE, if te.is_empty() { "none" } else { &te })?;
        trailers.insert(X_TRAILERS, "sent")?;
        sender.finish(trailers)
    });
    ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")], body).into_response()
}

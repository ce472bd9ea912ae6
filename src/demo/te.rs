//! `GET /te`: what this request said about trailers, and what the server made of it.
//!
//! ```text
//! curl -v -k --no-buffer 'https://localhost:3000/te'
//! ```
//!
//! Over HTTP/2 trailers are always sent, over HTTP/1.1 to a client that says `TE: trailers`
//! ([RFC 9110 §10.1.4](https://www.rfc-editor.org/rfc/rfc9110#section-10.1.4)). The body says what was concluded, and
//! where that is that trailers go out, `X-Protocol`, `X-TE` and `X-Trailers` say the same as trailers. So a body that says
//! so without trailers behind it tells that something on the way has dropped them.

use crate::{
    body::{self, FinishError},
    trailers::{Acceptance, Declared, Trailers},
};
use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, Request, Version, header};
use serde_json::{Value, json};

const X_PROTOCOL: HeaderName = HeaderName::from_static("x-protocol");
const X_TE: HeaderName = HeaderName::from_static("x-te");
const X_TRAILERS: HeaderName = HeaderName::from_static("x-trailers");

pub(super) async fn te(request: Request<Body>) -> Response {
    let protocol = protocol(request.version());
    let te = values(request.headers(), &header::TE).join(", ");
    let account = json!({
        "protocol": protocol,
        "te": if te.is_empty() { Value::Null } else { te.as_str().into() },
        "trailers": concluded(&request),
    });
    let content = format!("{account:#}\n");
    let declared = Declared::new([X_PROTOCOL, X_TE, X_TRAILERS]).expect("permitted fields");
    let (mut sender, body) = body::channel(1024, declared);
    tokio::spawn(async move {
        sender.send(content).await.map_err(|_unsent| FinishError::ReaderGone)?;
        let mut trailers = Trailers::new();
        trailers.insert(X_PROTOCOL, protocol)?;
        trailers.insert(X_TE, if te.is_empty() { "none" } else { &te })?;
        trailers.insert(X_TRAILERS, "sent")?;
        sender.finish(trailers)
    });
    ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")], body).into_response()
}

/// What follows from what the request said: whether trailers are sent, and why.
pub(super) fn concluded<B>(request: &Request<B>) -> Value {
    match Acceptance::of(request) {
        Acceptance::Accepted if request.version() >= Version::HTTP_2 => {
            json!({ "sent": true, "why": "this protocol carries them to every client" })
        }
        Acceptance::Accepted => json!({ "sent": true, "why": "the request said `TE: trailers`" }),
        Acceptance::Withheld(reason) => json!({ "sent": false, "why": reason.to_string() }),
    }
}

/// The values of a field, with what is no UTF-8 replaced.
pub(super) fn values(headers: &HeaderMap, name: &HeaderName) -> Vec<String> {
    headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect()
}

pub(super) fn protocol(version: Version) -> &'static str {
    match version {
        Version::HTTP_09 => "HTTP/0.9",
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_11 => "HTTP/1.1",
        Version::HTTP_2 => "HTTP/2",
        Version::HTTP_3 => "HTTP/3",
        _ => "unknown",
    }
}

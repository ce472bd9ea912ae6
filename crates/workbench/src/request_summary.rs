//! Summaries of a request.

use axum_trailers::trailers::{
    Acceptance,
    server::{ConnectionInfo, Framing},
};
use http_02::{HeaderMap, HeaderName, Request, Version};
use serde_json::{Value, json};

/// Whether trailers are sent in response to this request, and why.
pub(super) fn concluded<B>(request: &Request<B>) -> Value {
    match Acceptance::from_request(request) {
        Acceptance::Accepted if request.version() == Version::HTTP_2 => {
            json!({ "sent": true, "why": "HTTP/2 needs no `TE: trailers`" })
        }
        Acceptance::Accepted => json!({ "sent": true, "why": "the request contains `TE: trailers`" }),
        Acceptance::Withheld(reason) => json!({ "sent": false, "why": reason.to_string() }),
    }
}

/// The values of a field, with invalid UTF-8 replaced.
pub(super) fn values(headers: &HeaderMap, name: &HeaderName) -> Vec<String> {
    headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect()
}

/// How the end of a request's content is found, if the server reports it.
pub(super) fn framing(connection: &ConnectionInfo) -> Option<&'static str> {
    match connection.framing() {
        Framing::None => Some("none"),
        Framing::ContentLength(_) => Some("content-length"),
        Framing::Chunked => Some("chunked"),
        Framing::Frames => Some("frames"),
        _ => None,
    }
}

/// What the server reports about the connection of a request.
pub(super) fn connection(connection: &ConnectionInfo) -> Value {
    json!({
        "alpn": connection.alpn(),
        "sni": connection.sni(),
        "tls": connection.tls_version(),
        "new": connection.is_new(),
    })
}

/// The names of trailers that the server has left out. Known once the trailers have been read.
pub(super) fn forbidden_trailers(connection: &ConnectionInfo) -> Value {
    connection.forbidden_trailers().iter().map(http::HeaderName::as_str).collect()
}

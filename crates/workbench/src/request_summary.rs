//! Summaries of a request.

use axum_trailers::trailers::Acceptance;
use http_02::{HeaderMap, HeaderName, Request, Version};
use serde_json::{Value, json};

/// Whether trailers are sent in response to this request, and why.
pub(super) fn concluded<B>(request: &Request<B>) -> Value {
    match Acceptance::from_request(request) {
        Acceptance::Accepted if request.version() >= Version::HTTP_2 => {
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

//! The fields that the verbs send unless `--header` says otherwise.

use axum_trailers::digest::{WANT_CONTENT_DIGEST, WANT_REPR_DIGEST};
use http::{HeaderMap, HeaderValue, header};

/// Asks for trailers, for digests, and for no content coding.
pub(super) fn accepting_trailers() -> HeaderMap {
    const WANTED: HeaderValue = HeaderValue::from_static("sha-256=10, sha-512=5");
    let mut fields = HeaderMap::new();
    fields.insert(header::TE, HeaderValue::from_static("trailers"));
    fields.insert(WANT_CONTENT_DIGEST, WANTED);
    fields.insert(WANT_REPR_DIGEST, WANTED);
    fields.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    fields
}

//! What must hold of whatever a client sends, for property tests and `fuzz/`: each function panics if it does not. No part
//! of the API.

#[cfg(feature = "fuzzing")]
pub use crate::{
    demo::{files::fuzzing::file_conditions, fuzzing::query},
    digest::fuzzing::digest_fields,
    server::fuzzing::{begins_with_pseudo_header, chunked_framing, first_bytes, http2_frames},
    trailers::fuzzing::{te, trailer},
};
use http::{HeaderMap, HeaderName, HeaderValue};

/// A field's lines, without those that are no field values.
pub(crate) fn fields(name: &HeaderName, lines: &[Vec<u8>]) -> HeaderMap {
    let mut fields = HeaderMap::new();
    for value in lines.iter().filter_map(|line| HeaderValue::from_bytes(line).ok()) {
        fields.append(name, value);
    }
    fields
}

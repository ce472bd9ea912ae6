//! Helpers for the property tests and `fuzz/`.

use http::{HeaderMap, HeaderName, HeaderValue};

/// A field with these lines, except those that are not valid field values.
pub(crate) fn fields(name: &HeaderName, lines: &[Vec<u8>]) -> HeaderMap {
    lines.iter().filter_map(|line| Some((name.clone(), HeaderValue::from_bytes(line).ok()?))).collect()
}

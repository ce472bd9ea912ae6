use crate::compat::{FieldName, Fields};
use http::HeaderValue;

/// The non-empty elements of a list field, from all its lines
/// ([RFC 9110 §5.6.1](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.1)). Also splits at commas in quoted strings,
/// so use it for fields whose elements are tokens.
pub fn list_elements<F: Fields>(fields: &F, name: impl FieldName) -> impl Iterator<Item = &[u8]> {
    let values = name.into_name().map(|name| fields.values(&name));
    values.into_iter().flatten().flat_map(elements).filter(|element| !element.is_empty())
}

/// The elements of one line, including empty ones.
pub(crate) fn line_elements(line: &HeaderValue) -> impl Iterator<Item = &[u8]> {
    elements(line.as_bytes())
}

fn elements(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|byte| *byte == b',').map(<[u8]>::trim_ascii)
}

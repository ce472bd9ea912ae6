use http::{HeaderMap, HeaderName, HeaderValue};

/// The non-empty elements of a list field, from all its lines
/// ([RFC 9110 §5.6.1](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.1)). Also splits at commas in quoted strings,
/// so use it for fields whose elements are tokens.
pub fn list_elements<'f>(
    fields: &'f HeaderMap,
    name: &HeaderName,
) -> impl Iterator<Item = &'f [u8]> + use<'f> {
    fields.get_all(name).iter().flat_map(line_elements).filter(|element| !element.is_empty())
}

/// The elements of one line, including empty ones.
pub(crate) fn line_elements(line: &HeaderValue) -> impl Iterator<Item = &[u8]> {
    line.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header;

    #[test]
    fn elements_are_found_in_all_lines() {
        let mut fields = HeaderMap::new();
        for line in [&b" a\t,b"[..], b",, ", b"", b"\xe9, c d"] {
            fields.append(header::TE, HeaderValue::from_bytes(line).expect("a value"));
        }
        let found: Vec<_> = list_elements(&fields, &header::TE).collect();
        assert_eq!(found, [&b"a"[..], b"b", b"\xe9", b"c d"]);
        assert_eq!(list_elements(&fields, &header::TRAILER).count(), 0);
    }
}

use super::prelude::*;
use crate::syntax::list_elements;

#[test]
fn elements_are_found_in_all_lines() {
    let mut fields = HeaderMap::new();
    for line in [&b" a\t,b"[..], b",, ", b"", b"\xe9, c d"] {
        fields.append(header::TE, HeaderValue::from_bytes(line).expect("a value"));
    }
    let found: Vec<_> = list_elements(&fields, &http::header::TE).collect();
    assert_eq!(found, [&b"a"[..], b"b", b"\xe9", b"c d"]);
    assert_eq!(list_elements(&fields, &http::header::TRAILER).count(), 0);
}

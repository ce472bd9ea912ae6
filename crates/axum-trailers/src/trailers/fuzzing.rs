//! Properties that hold for any fields, for property tests and `fuzz/`.

use super::{Acceptance, Declared, StreamError};
use crate::{compat::FieldValue, fuzzing::fields};
use http::{HeaderValue, Version, header};

/// Any `Trailer` field can be read, the result can be declared, and the settled field announces exactly that.
pub fn trailer(lines: &[Vec<u8>]) {
    let mut headers = fields(&header::TRAILER, lines);
    let read = Declared::read(&headers);
    assert_eq!(Declared::new(read.iter()).expect("checked"), read);
    assert_eq!(Declared::settle(&mut headers), read);
    assert_eq!(Declared::read(&headers), read);
}

/// The result for `TE` does not depend on how its elements are split into lines, and `trailers` among them is enough.
pub fn te(lines: &[Vec<u8>]) {
    let decide = |lines: &[Vec<u8>]| Acceptance::decide(Version::HTTP_11, &fields(&header::TE, lines));
    let lines: Vec<_> = lines.iter().filter(|line| HeaderValue::from_bytes(line).is_ok()).cloned().collect();
    let decided = decide(&lines);
    let each: Vec<_> =
        lines.iter().flat_map(|line| line.split(|byte| *byte == b',')).map(<[u8]>::to_vec).collect();
    assert_eq!(decide(&each), decided);
    assert_eq!(decide(&[lines.join(&b","[..])]), decided);
    assert!(decide(&[&lines[..], &[b"Trailers".to_vec()]].concat()).is_accepted());
}

/// An encoded text is decoded to itself, without whitespace around it, or to its beginning if it is long. Any value can be
/// decoded, and without `%` it is only made UTF-8.
pub fn stream_error(text: &str, value: &[u8]) {
    const SHORT: usize = 1024 / 3;
    let encoded = StreamError::new(text).into_value().expect("always a value");
    let (decoded, text) = (StreamError::decode(encoded.as_bytes()), text.trim());
    if text.is_empty() {
        assert_eq!(decoded, "unknown");
    } else {
        assert!(if text.len() > SHORT { text.starts_with(&decoded) } else { text == decoded }, "{decoded:?}");
    }

    let decoded = StreamError::decode(value);
    let plain = String::from_utf8_lossy(value);
    assert!(decoded.len() <= plain.len());
    assert!(value.contains(&b'%') || decoded == plain);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};

    fn lines() -> impl Strategy<Value = Vec<Vec<u8>>> {
        let word = prop::sample::select(vec![
            "trailers", "Trailers", "x-a", "host", ",", ", ", ";q=0", " ", "\"", "\t",
        ]);
        let text = vec(word, 0..5).prop_map(|words| words.concat().into_bytes());
        vec(prop_oneof![text, vec(any::<u8>(), 0..30)], 0..4)
    }

    proptest! {
        #[test]
        fn any_trailer_field_is_read_and_what_is_read_can_be_declared(lines in lines()) {
            trailer(&lines);
        }

        #[test]
        fn lines_of_te_are_one_list(lines in lines()) {
            te(&lines);
        }
    }
}

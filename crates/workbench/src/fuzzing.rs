//! Properties that hold for any query, for property tests and `fuzz/`.

#[cfg(fuzzing)]
pub use crate::files::fuzzing::file_conditions;
use crate::query::{Query, raw_pairs};
use http_02::Uri;
use percent_encoding::{NON_ALPHANUMERIC, percent_encode};

/// Each parameter is returned as it was sent, and unknown ones are rejected.
pub fn query(bytes: &[u8]) {
    let Ok(uri) = Uri::try_from([b"/?", bytes].concat()) else { return };
    let pairs = raw_pairs(&uri);
    let written: Vec<_> = pairs
        .iter()
        .map(|(name, value)| {
            [name, value].map(|part| percent_encode(part, NON_ALPHANUMERIC).to_string()).join("=")
        })
        .collect();
    let written = format!("/?{}", written.join("&")).parse().expect("a URI");
    assert_eq!(raw_pairs(&written), pairs);

    let mut query = Query::from_uri(&uri);
    let of_name = |name: &[u8]| pairs.iter().filter(|pair| pair.0 == name).count();
    assert_eq!(query.take_all("all").len(), of_name(b"all"));
    match query.number("n", 1..=99) {
        Ok(None) => assert_eq!(of_name(b"n"), 0),
        Ok(Some(number)) => assert!((1..=99).contains(&number) && of_name(b"n") == 1),
        Err(_refused) => assert_ne!(of_name(b"n"), 0),
    }
    assert_eq!(query.finish().is_ok(), of_name(b"all") + of_name(b"n") == pairs.len());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn query_is_read_as_it_was_sent(text in "((all|n|x)?[=&]?[0-9+%A-F ]{0,3}[^#]?){0,6}") {
            super::query(text.as_bytes());
        }
    }
}

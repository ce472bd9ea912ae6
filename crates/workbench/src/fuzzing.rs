//! Properties that hold for any query and any fields about hops, for property tests and `fuzz/`.

#[cfg(fuzzing)]
pub use crate::files::fuzzing::file_conditions;
use crate::{
    hops::hops as hops_of,
    query::{Query, raw_pairs},
};
use http_02::{HeaderMap, HeaderName, HeaderValue, Uri};
use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use serde_json::Value;

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

/// What is understood of a line of `Via` or `Forwarded` is understood in the same way when it is written again.
pub fn hops(line: &[u8]) {
    assert_understood_again("via", line, via);
    assert_understood_again("forwarded", line, forwarded);
}

/// `write` returns `None` for what is malformed.
fn assert_understood_again(name: &'static str, line: &[u8], write: fn(&Value) -> Option<String>) {
    let Some(listed) = listed(name, line) else { return };
    let (understood, written): (Vec<_>, Vec<_>) =
        listed.into_iter().filter_map(|hop| write(&hop).map(|written| (hop, written))).unzip();
    let again = self::listed(name, written.join(" ,").as_bytes());
    assert_eq!(again, Some(understood), "{written:?}");
}

fn listed(name: &'static str, line: &[u8]) -> Option<Vec<Value>> {
    let line = HeaderValue::from_bytes(line).ok()?;
    let headers = HeaderMap::from_iter([(HeaderName::from_static(name), line)]);
    Some(hops_of(&headers)[name].as_array().expect("a list").clone())
}

fn via(hop: &Value) -> Option<String> {
    let (protocol, by) = (hop.get("protocol")?.as_str()?, hop["by"].as_str()?);
    let comment = hop.get("comment").map(|comment| escaped(comment.as_str().expect("text")));
    Some(format!("{protocol} {by}") + &comment.map_or_else(String::new, |comment| format!(" ({comment})")))
}

fn forwarded(hop: &Value) -> Option<String> {
    if hop.get("malformed").is_some() {
        return None;
    }
    let pairs = hop.as_object()?.iter();
    let pairs: Vec<_> =
        pairs.map(|(name, value)| format!("{name}=\"{}\"", escaped(value.as_str().expect("text")))).collect();
    Some(pairs.join("; "))
}

fn escaped(text: &str) -> String {
    text.chars().flat_map(|char| ['\\', char]).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn query_is_read_as_it_was_sent(text in "((all|n|x)?[=&]?[0-9+%A-F ]{0,3}[^#]?){0,6}") {
            super::query(text.as_bytes());
        }

        #[test]
        fn hops_are_read_as_they_were_written(line in r#"([",;=()\\ a1./]|1\.1 a|for=b|\(c\)|="d"|, ){0,12}"#) {
            super::hops(line.as_bytes());
        }
    }
}

use super::prelude::*;
use crate::trailers::{Declared, TrailerError};
use proptest::prelude::*;

#[test]
fn writing_merges_with_what_is_announced_already() {
    let mut headers = HeaderMap::new();
    headers.append(header::TRAILER, HeaderValue::from_static("X-A, x-b"));
    headers.append(header::TRAILER, HeaderValue::from_static("x-a,,x-c"));
    let declared = Declared::new(["x-b", "content-digest"]).expect("permitted");
    declared.write(&mut headers);
    let values: Vec<_> = headers.get_all(header::TRAILER).iter().collect();
    assert_eq!(values, ["x-a, x-b, x-c, content-digest"]);
}

#[test]
fn many_names_are_read_once_each() {
    let line = |n| (0..n).map(|n| format!("x-{n}")).collect::<Vec<_>>().join(", ");
    for n in [15, 16, 17, 100_000] {
        let value = HeaderValue::try_from(format!("{0}, {0}", line(n))).expect("a value");
        let declared = Declared::read(&HeaderMap::from_iter([(header::TRAILER, value)]));
        assert_eq!(declared.to_field_value().expect("names"), &*line(n));
    }
}

#[test]
fn announcing_nothing_writes_no_field() {
    let mut headers = HeaderMap::new();
    Declared::none().write(&mut headers);
    assert!(headers.is_empty());
}

#[test]
fn forbidden_and_malformed_names_are_refused_by_new_and_left_out_by_read() {
    assert!(matches!(Declared::new(["host"]), Err(TrailerError::Forbidden { .. })));
    for malformed in ["a b", "\"x\"", "x\""] {
        assert_eq!(Declared::new([malformed]), Err(TrailerError::Name));
    }

    let mut headers = HeaderMap::new();
    headers.insert(header::TRAILER, HeaderValue::from_static("host, a b, \"x\", x-a"));
    assert_eq!(Declared::read(&headers), Declared::new(["x-a"]).expect("permitted"));
}

fn settled(lines: &[&'static str]) -> (Vec<String>, Vec<String>) {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append(header::TRAILER, HeaderValue::from_static(line));
    }
    let declared = Declared::settle(&mut headers);
    let written = headers.get_all(header::TRAILER).iter();
    let written = written.map(|line| line.to_str().expect("text").to_owned()).collect();
    (declared.iter().map(str::to_owned).collect(), written)
}

#[test]
fn settled_field_announces_only_permitted_names_once() {
    let cases: [(&[&str], &[&str], &[&str]); 11] = [
        (&[], &[], &[]),
        (&["x-a"], &["x-a"], &["x-a"]),
        (&["x-a,  x-b"], &["x-a", "x-b"], &["x-a,  x-b"]),
        (&["x-a", "x-b"], &["x-a", "x-b"], &["x-a, x-b"]),
        (&["X-A"], &["x-a"], &["x-a"]),
        (&["x-a, x-b, x-a"], &["x-a", "x-b"], &["x-a, x-b"]),
        (&["x-a, host"], &["x-a"], &["x-a"]),
        (&["x-a,, a b"], &["x-a"], &["x-a"]),
        (&["content-length"], &[], &[]),
        (&["x-a, \"x-b\""], &["x-a"], &["x-a"]),
        (&["x\""], &[], &[]),
    ];
    for (lines, names, written) in cases {
        assert_eq!(
            settled(lines),
            (
                names.iter().map(|n| (*n).to_owned()).collect(),
                written.iter().map(|w| (*w).to_owned()).collect()
            ),
            "{lines:?}"
        );
    }
}

proptest! {
    #[test]
    fn what_is_written_reads_back_the_same(
        names in proptest::collection::btree_set("x-[a-z0-9!#$%&'*+.^_`|~-]{0,12}", 0..6),
        lines in 1..3_usize,
    ) {
        let declared = Declared::new(names.iter().map(String::as_str)).expect("permitted");
        let mut headers = HeaderMap::new();
        declared.write(&mut headers);
        prop_assert_eq!(headers.contains_key(header::TRAILER), !names.is_empty());
        prop_assert_eq!(&Declared::read(&headers), &declared);

        // As other senders may write it: in several lines, with spaces, in upper case.
        let names: Vec<_> = names.into_iter().collect();
        headers.remove(header::TRAILER);
        for line in names.chunks(names.len().div_ceil(lines).max(1)) {
            let line = line.join(" ,\t ").to_ascii_uppercase();
            headers.append(header::TRAILER, line.parse().expect("a field value"));
        }
        prop_assert_eq!(Declared::read(&headers), declared);
    }
}

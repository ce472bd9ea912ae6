//! `Range` ([RFC 9110 §14](https://www.rfc-editor.org/rfc/rfc9110#section-14)), for bytes only.

use http_02::{HeaderMap, header};
use std::ops::Range;

/// The largest number of ranges. Each costs a part with its own header. A request with more gets the whole file,
/// because [§14.2](https://www.rfc-editor.org/rfc/rfc9110#section-14.2) advises against "many small ranges".
const MAX_RANGES: usize = 32;

/// The selected part of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Selected {
    /// The whole file: there is no `Range`, or it is ignored.
    Whole,
    /// At least one part, none empty. They neither overlap nor touch.
    Parts(Vec<Range<u64>>),
    /// All ranges begin after the end of the file.
    Nothing,
}

/// A requested range. Positions over `u64::MAX` become `u64::MAX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spec {
    From { first: u64, last: u64 },
    Suffix(u64),
}

impl Selected {
    /// Resolves the `Range` field of a request for a file of this length.
    pub(super) fn by(headers: &HeaderMap, length: u64) -> Self {
        let mut lines = headers.get_all(header::RANGE).iter();
        // `Range` is not a list field, so two lines are malformed.
        let (Some(value), None) = (lines.next(), lines.next()) else { return Self::Whole };
        Self::by_value(value.as_bytes(), length)
    }

    fn by_value(value: &[u8], length: u64) -> Self {
        // No range of an empty file is satisfiable, so the whole file is sent.
        if length == 0 {
            return Self::Whole;
        }
        let Some(specs) = read(value) else { return Self::Whole };
        let mut parts = Vec::new();
        specs.into_iter().filter_map(|spec| spec.within(length)).for_each(|part| join(&mut parts, part));
        if parts.is_empty() { Self::Nothing } else { Self::Parts(parts) }
    }
}

impl Spec {
    fn within(self, length: u64) -> Option<Range<u64>> {
        let part = match self {
            Self::From { first, last } => first..last.saturating_add(1).min(length),
            Self::Suffix(suffix) => length.saturating_sub(suffix)..length,
        };
        (!part.is_empty()).then_some(part)
    }
}

/// Adds a part. If it overlaps or touches others, they are merged at the place of the first one
/// ([§15.3.7.2](https://www.rfc-editor.org/rfc/rfc9110#section-15.3.7.2)).
fn join(parts: &mut Vec<Range<u64>>, mut part: Range<u64>) {
    let meets = |one: &Range<u64>, other: &Range<u64>| one.start <= other.end && other.start <= one.end;
    let mut place = parts.len();
    while let Some(met) = parts.iter().position(|other| meets(other, &part)) {
        let other = parts.remove(met);
        part = part.start.min(other.start)..part.end.max(other.end);
        place = place.min(met);
    }
    parts.insert(place.min(parts.len()), part);
}

/// Parses the ranges of a field value. `None` means ignore: another unit, malformed, or too many.
fn read(value: &[u8]) -> Option<Vec<Spec>> {
    let equals = value.iter().position(|byte| *byte == b'=')?;
    let (unit, set) = (&value[..equals], &value[equals + 1..]);
    if !unit.eq_ignore_ascii_case(b"bytes") {
        return None;
    }
    // RFC 9110 §5.6.1.2: a list may contain empty elements.
    let members = set.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).filter(|member| !member.is_empty());
    let specs = members.take(MAX_RANGES + 1).map(spec).collect::<Option<Vec<_>>>()?;
    (1..=MAX_RANGES).contains(&specs.len()).then_some(specs)
}

fn spec(member: &[u8]) -> Option<Spec> {
    let hyphen = member.iter().position(|byte| *byte == b'-')?;
    match (&member[..hyphen], &member[hyphen + 1..]) {
        (b"", suffix) => number(suffix).map(Spec::Suffix),
        (first, b"") => Some(Spec::From { first: number(first)?, last: u64::MAX }),
        (first, last) if is_descending(first, last) => None,
        (first, last) => Some(Spec::From { first: number(first)?, last: number(last)? }),
    }
}

/// Compares digits, because parsing makes all numbers over `u64::MAX` equal.
fn is_descending(first: &[u8], last: &[u8]) -> bool {
    let digits = |number: &'_ [u8]| number.iter().position(|digit| *digit != b'0').unwrap_or(number.len());
    let (first, last) = (&first[digits(first)..], &last[digits(last)..]);
    (first.len(), first) > (last.len(), last)
}

fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let digit = |number: u64, digit: &u8| number.saturating_mul(10).saturating_add(u64::from(digit - b'0'));
    Some(digits.iter().fold(0, digit))
}

#[cfg(test)]
#[expect(clippy::single_range_in_vec_init, reason = "it is a list of one range")]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};

    fn of_ten(value: &str) -> Selected {
        Selected::by_value(value.as_bytes(), 10)
    }

    #[test]
    fn ranges_are_those_of_rfc_9110() {
        let parts = |parts: &[Range<u64>]| Selected::Parts(parts.to_vec());
        let huge = "9".repeat(1000);
        for (value, selected) in [
            ("bytes=0-0", parts(&[0..1])),
            ("bytes=2-", parts(&[2..10])),
            ("bytes=-3", parts(&[7..10])),
            ("bytes=-99", parts(&[0..10])),
            ("bytes=0-99", parts(&[0..10])),
            ("Bytes=0-1", parts(&[0..2])),
            ("bytes=,0-1 ,\t, ", parts(&[0..2])),
            ("bytes=0-0,9-9", parts(&[0..1, 9..10])),
            ("bytes=9-9,0-0", parts(&[9..10, 0..1])),
            ("bytes=0-4,2-6", parts(&[0..7])),
            ("bytes=0-1,2-3", parts(&[0..4])),
            ("bytes=0-1,8-9,2-7", parts(&[0..10])),
            ("bytes=6-7,0-1,3-5", parts(&[3..8, 0..2])),
            ("bytes=0-0,50-60", parts(&[0..1])),
            (&format!("bytes=3-{huge}"), parts(&[3..10])),
            (&format!("bytes=-{huge}"), parts(&[0..10])),
            (&format!("bytes={huge}-"), Selected::Nothing),
            (&format!("bytes={huge}-{huge}1"), Selected::Nothing),
            (&format!("bytes={huge}1-{huge}"), Selected::Whole),
            ("bytes=10-", Selected::Nothing),
            ("bytes=-0", Selected::Nothing),
            ("bytes=10-,-0", Selected::Nothing),
            ("bytes=0002-03", parts(&[2..4])),
        ] {
            assert_eq!(of_ten(value), selected, "{value}");
        }
        for ignored in [
            "",
            "bytes",
            "bytes=",
            "bytes=,",
            "items=0-1",
            "none",
            "=0-1",
            "bytes=3-2",
            "bytes=a-b",
            "bytes=0-1x",
            "bytes=-",
            "bytes=--1",
            "bytes=+1-2",
            "bytes=0x1-2",
            "bytes=0",
            "bytes =0-1",
            "bytes=0 - 1",
            "bytes=1-2,x",
        ] {
            assert_eq!(of_ten(ignored), Selected::Whole, "{ignored}");
        }
        assert_eq!(Selected::by_value(b"bytes=0-1", 0), Selected::Whole);
    }

    #[test]
    fn too_many_ranges_and_two_fields_are_ignored() {
        let ranges = |n: usize| {
            let members: Vec<_> = (0..n).map(|i| format!("{0}-{0}", i * 2)).collect();
            format!("bytes={}", members.join(","))
        };
        let selected = |n| Selected::by_value(ranges(n).as_bytes(), 1000);
        assert!(matches!(selected(MAX_RANGES), Selected::Parts(parts) if parts.len() == MAX_RANGES));
        assert_eq!(selected(MAX_RANGES + 1), Selected::Whole);

        let mut headers = HeaderMap::new();
        assert_eq!(Selected::by(&headers, 10), Selected::Whole);
        headers.append(header::RANGE, "bytes=0-1".parse().expect("a value"));
        assert_eq!(Selected::by(&headers, 10), Selected::Parts(vec![0..2]));
        headers.append(header::RANGE, "bytes=0-1".parse().expect("a value"));
        assert_eq!(Selected::by(&headers, 10), Selected::Whole);
    }

    /// The positions that a set of ranges covers, one by one.
    fn named(specs: &[(Option<u64>, Option<u64>)], length: u64) -> Vec<u64> {
        let is_named = |byte: &u64| {
            specs.iter().any(|spec| match spec {
                (Some(first), last) => first <= byte && last.is_none_or(|last| *byte <= last),
                (None, suffix) => suffix.is_some_and(|suffix| byte + suffix >= length),
            })
        };
        (0..length).filter(is_named).collect()
    }

    proptest! {
        #[test]
        fn parts_are_the_bytes_that_were_named(
            specs in vec(prop_oneof![
                (0..30_u64).prop_map(|first| (Some(first), None)),
                (0..30_u64, 0..30_u64).prop_map(|(first, more)| (Some(first), Some(first + more))),
                (0..30_u64).prop_map(|suffix| (None, Some(suffix))),
            ], 1..6),
            length in 1..25_u64,
        ) {
            let text = |number: &Option<u64>| number.map_or_else(String::new, |number| number.to_string());
            let members: Vec<_> = specs.iter().map(|(first, last)| format!("{}-{}", text(first), text(last))).collect();
            let selected = Selected::by_value(format!("bytes={}", members.join(",")).as_bytes(), length);
            let mut sent = match selected {
                Selected::Parts(parts) => parts.into_iter().flatten().collect(),
                Selected::Nothing => Vec::new(),
                Selected::Whole => panic!("it was ignored"),
            };
            sent.sort_unstable();
            prop_assert_eq!(sent, named(&specs, length));
        }
    }
}

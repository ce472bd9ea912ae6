use http::{HeaderMap, header};

/// A `Content-Range` field: which part of a representation the content of a 206 is
/// ([RFC 9110 §14.4](https://www.rfc-editor.org/rfc/rfc9110#section-14.4)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ContentRange {
    /// The position of the first byte.
    pub first: u64,
    /// The position of the last byte.
    pub last: u64,
    /// The length of the whole in bytes, if the server knows it.
    pub complete_length: Option<u64>,
}

impl ContentRange {
    /// Reads the field. Returns `None` if there is none, it is malformed, or its unit is not `bytes`.
    #[must_use]
    pub fn read(headers: &HeaderMap) -> Option<Self> {
        let mut lines = headers.get_all(header::CONTENT_RANGE).iter();
        let (line, None) = (lines.next()?, lines.next()) else { return None };
        let (unit, range) = line.to_str().ok()?.split_once(' ')?;
        if !unit.eq_ignore_ascii_case("bytes") {
            return None;
        }
        let (positions, complete) = range.split_once('/')?;
        let (first, last) = positions.split_once('-')?;
        let complete_length = if complete == "*" { None } else { Some(number(complete)?) };
        let range = Self { first: number(first)?, last: number(last)?, complete_length };
        let is_valid = range.first <= range.last && complete_length.is_none_or(|length| range.last < length);
        is_valid.then_some(range)
    }

    /// The length of this part in bytes.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.last.saturating_sub(self.first).saturating_add(1)
    }

    /// Whether the part ends where the whole ends.
    pub(super) fn is_last(&self) -> bool {
        self.complete_length.is_some_and(|length| length.checked_sub(1) == Some(self.last))
    }
}

/// `parse` also accepts a sign.
pub(super) fn number(digits: &str) -> Option<u64> {
    if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum_trailers_testing::fields;

    fn headers(lines: &[&'static str]) -> HeaderMap {
        let lines: Vec<_> = lines.iter().map(|line| ("content-range", *line)).collect();
        fields(&lines)
    }

    #[test]
    fn content_range_is_read_or_ignored() {
        let range = |first, last, complete_length| Some(ContentRange { first, last, complete_length });
        for (lines, expected) in [
            (&["bytes 0-0/1"][..], range(0, 0, Some(1))),
            (&["bytes 10-19/100"], range(10, 19, Some(100))),
            (&["Bytes 10-19/*"], range(10, 19, None)),
            (&["bytes 0-18446744073709551615/*"], range(0, u64::MAX, None)),
            (&[], None),
            (&["bytes */100"], None),
            (&["bytes 19-10/100"], None),
            (&["bytes 10-19/19"], None),
            (&["bytes 10-19"], None),
            (&["bytes +1-2/3"], None),
            (&["bytes 1-2/ 3"], None),
            (&["bytes -2/3"], None),
            (&["bytes 0-18446744073709551616/*"], None),
            (&["items 0-0/1"], None),
            (&["bytes=0-0/1"], None),
            (&["bytes 0-0/1", "bytes 0-0/1"], None),
        ] {
            assert_eq!(ContentRange::read(&headers(lines)), expected, "{lines:?}");
        }
    }

    #[test]
    fn length_and_end_of_a_part() {
        for (line, length, is_last) in [
            ("bytes 0-0/1", 1, true),
            ("bytes 10-19/20", 10, true),
            ("bytes 10-19/21", 10, false),
            ("bytes 10-19/*", 10, false),
            ("bytes 0-18446744073709551615/*", u64::MAX, false),
        ] {
            let range = ContentRange::read(&headers(&[line])).expect("a range");
            assert_eq!((range.length(), range.is_last()), (length, is_last), "{line}");
        }
    }
}

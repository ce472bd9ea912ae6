//! Dates in fields ([RFC 9110 §5.6.7](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7)), in seconds since 1970.

use http_02::{HeaderMap, HeaderName, HeaderValue};
use std::{
    ops::Range,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// The seconds of 400 years, the period of the calendar.
const CYCLE: i64 = 146_097 * 24 * 60 * 60;

/// The position of the year in an `IMF-fixdate` and in an `asctime-date`. An `rfc850-date` has a two-digit year.
const YEARS: [Range<usize>; 2] = [12..16, 20..24];

/// The date in a field. A malformed or repeated one is ignored
/// ([§13.1.3](https://www.rfc-editor.org/rfc/rfc9110#section-13.1.3)).
pub(super) fn only(headers: &HeaderMap, name: HeaderName) -> Option<i64> {
    let mut lines = headers.get_all(name).iter();
    let line = lines.next()?;
    if lines.next().is_none() { read(line) } else { None }
}

pub(super) fn read(value: &HeaderValue) -> Option<i64> {
    let text = value.to_str().ok()?;
    httpdate::parse_http_date(text).ok().map(seconds).or_else(|| before_1970(text))
}

/// `httpdate` supports no years before 1970. The calendar repeats after five cycles, including the day of the week.
fn before_1970(text: &str) -> Option<i64> {
    let is_year = |at: &Range<usize>| {
        text.get(at.clone()).is_some_and(|year| year.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let year_at = YEARS.into_iter().find(is_year)?;
    let year: u16 = text[year_at.clone()].parse().ok()?;
    let (before, behind) = (&text[..year_at.start], &text[year_at.end..]);
    let later = httpdate::parse_http_date(&format!("{before}{}{behind}", year + 2000)).ok()?;
    (year < 1970).then(|| seconds(later) - 5 * CYCLE)
}

/// Rounds down.
pub(super) fn seconds(time: SystemTime) -> i64 {
    let whole = |since: Duration| i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
    time.duration_since(UNIX_EPOCH).map_or_else(
        |before| {
            let before = before.duration();
            -whole(before) - i64::from(before.subsec_nanos() > 0)
        },
        whole,
    )
}

/// Whether the next change of a file that was changed in this second will get another date: true once the resolution of
/// the file system's times, at most 2 s, has passed.
pub(super) fn is_settled(changed: i64, now: SystemTime) -> bool {
    seconds(now) > changed.saturating_add(2)
}

/// Formats a time from 1970 to 9999.
pub(super) fn to_field_value(seconds: i64) -> HeaderValue {
    /// The end of the year 9999, the last that a field can express.
    const LAST: u64 = 253_402_300_799;
    let since = Duration::from_secs(u64::try_from(seconds).unwrap_or(0).min(LAST));
    let text = httpdate::fmt_http_date(UNIX_EPOCH + since);
    HeaderValue::try_from(text).expect("a date is a field value")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_in_all_their_forms() {
        for (text, seconds) in [
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(784_111_777)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some(784_111_777)),
            ("Sun Nov  6 08:49:37 1994", Some(784_111_777)),
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
            ("Wed, 31 Dec 1969 23:59:59 GMT", Some(-1)),
            ("Fri, 01 Jan 1960 00:00:00 GMT", Some(-315_619_200)),
            ("Fri Jan  1 00:00:00 1960", Some(-315_619_200)),
            ("Wed Dec 31 23:59:59 1969", Some(-1)),
            ("Sat Jan  1 00:00:00 0000", Some(-62_167_219_200)),
            ("Fri Jan 32 00:00:00 1960", None),
            ("Fri Jan  1 00:00:00 +196", None),
            ("Fri Jan  1 00:00:00 1960 GMT", None),
            ("Fri, 01 Jan +196 00:00:00 GMT", None),
            ("Fri, 01 Jan 9999", None),
            ("Sun, 06 Nov 1994 08:49:37", None),
            ("Sun, 32 Nov 1994 08:49:37 GMT", None),
            ("Fri, 32 Jan 1960 00:00:00 GMT", None),
            ("1994-11-06T08:49:37Z", None),
            ("0", None),
            ("", None),
        ] {
            assert_eq!(read(&HeaderValue::from_static(text)), seconds, "{text}");
        }
        assert_eq!(read(&HeaderValue::from_bytes(b"\xc3\xa4, 06 N\xc3\xb6v 1994").expect("a value")), None);
    }

    #[test]
    fn dates_are_written_as_they_are_read() {
        for seconds in [0, 784_111_777, 253_402_300_799] {
            assert_eq!(read(&to_field_value(seconds)), Some(seconds));
        }
        assert_eq!(to_field_value(i64::MAX), "Fri, 31 Dec 9999 23:59:59 GMT");
        assert_eq!(super::seconds(UNIX_EPOCH - Duration::from_millis(1)), -1);
    }

    #[test]
    fn date_is_settled_behind_the_resolution_of_all_file_systems() {
        for (milliseconds, settled) in [(0, false), (1_000_000, false), (1_002_999, false), (1_003_000, true)]
        {
            assert_eq!(is_settled(1000, UNIX_EPOCH + Duration::from_millis(milliseconds)), settled);
        }
        assert!(!is_settled(i64::MAX, UNIX_EPOCH));
    }
}

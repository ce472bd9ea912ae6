//! The values of options, in the form that people write.

use std::{fmt, str::FromStr, time::Duration};

/// Unlike `parse`, rejects a sign.
pub(super) fn port(text: &str) -> Option<u16> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// A duration: `30s`, `2m`, `500ms`, or a number of seconds, optionally with a fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Time(pub(crate) Duration);

/// Units of time in seconds, the largest first.
const TIME_UNITS: [(&str, f64); 4] = [("h", 3600.0), ("m", 60.0), ("s", 1.0), ("ms", 0.001)];

impl From<Duration> for Time {
    fn from(duration: Duration) -> Self {
        Self(duration)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs_f64();
        let is_whole = |unit: f64| (seconds / unit).fract() == 0.0 && seconds >= unit;
        match TIME_UNITS.iter().find(|(_, unit)| is_whole(*unit)) {
            Some((name, unit)) => write!(f, "{}{name}", seconds / unit),
            None => write!(f, "{seconds}s"),
        }
    }
}

impl FromStr for Time {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (number, unit) = split(text);
        let unit = if unit.is_empty() { "s" } else { unit };
        let unit = TIME_UNITS.iter().find(|(name, _)| *name == unit).map(|(_, seconds)| seconds);
        let seconds = number.parse::<f64>().ok().zip(unit).map(|(number, unit)| number * unit);
        let range = Duration::from_millis(1)..=Duration::from_secs(365 * 24 * 60 * 60);
        seconds
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
            .filter(|duration| range.contains(duration))
            .map(Self)
            .ok_or("expected a time from 1ms to a year, such as 30s, 2m, 1h, 500ms, or a number of seconds")
    }
}

/// A number of bytes: `10MB`, `1GiB`, or the number itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size(pub(crate) u64);

/// Units of size in bytes, largest first within each kind.
const SIZE_UNITS: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
    ("B", 1),
];

impl From<u64> for Size {
    fn from(bytes: u64) -> Self {
        Self(bytes)
    }
}

impl From<u32> for Size {
    fn from(bytes: u32) -> Self {
        Self(bytes.into())
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.0;
        match SIZE_UNITS.iter().find(|(_, unit)| bytes >= *unit && bytes.is_multiple_of(*unit)) {
            Some((name, unit)) => write!(f, "{}{name}", grouped(bytes / unit)),
            None => write!(f, "{}B", grouped(bytes)),
        }
    }
}

impl FromStr for Size {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (number, unit) = split(text);
        let unit = if unit.is_empty() { "B" } else { unit };
        let unit =
            SIZE_UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit)).map(|(_, bytes)| bytes);
        let bytes = whole(number).zip(unit).and_then(|(number, unit)| number.checked_mul(*unit));
        bytes.map(Self).ok_or("expected a size, such as 64KiB, 10MB, 1GiB, or a number of bytes")
    }
}

impl Size {
    /// Parses a size within bounds, in bytes.
    pub(crate) fn within(text: &str, least: u32, most: u32) -> Result<Self, String> {
        let size: Self = text.parse()?;
        if (u64::from(least)..=u64::from(most)).contains(&size.0) {
            return Ok(size);
        }
        Err(format!("expected a size from {} to {}", Self::from(least), Self::from(most)))
    }

    /// The size, if it was parsed within bounds of this type.
    pub(crate) fn as_u32(self) -> u32 {
        u32::try_from(self.0).unwrap_or(u32::MAX)
    }
}

/// A count: `512`, `10k`, `10M`, or `10_000_000`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Count(pub(crate) u64);

/// Units of numbers, the largest first.
const COUNT_UNITS: [(&str, u64); 3] = [("G", 1_000_000_000), ("M", 1_000_000), ("k", 1_000)];

impl From<u64> for Count {
    fn from(number: u64) -> Self {
        Self(number)
    }
}

impl From<u32> for Count {
    fn from(number: u32) -> Self {
        Self(number.into())
    }
}

impl From<usize> for Count {
    fn from(number: usize) -> Self {
        Self(u64::try_from(number).unwrap_or(u64::MAX))
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.0;
        match COUNT_UNITS.iter().find(|(_, unit)| number >= 10_000 && number.is_multiple_of(*unit)) {
            Some((name, unit)) => write!(f, "{}{name}", number / unit),
            None => f.write_str(&grouped(number)),
        }
    }
}

impl FromStr for Count {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (number, unit) = split(text);
        let unit = match unit {
            "" => Some(1),
            unit => {
                COUNT_UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit)).map(|(_, unit)| *unit)
            }
        };
        let number = whole(number).zip(unit).and_then(|(number, unit)| number.checked_mul(unit));
        number.map(Self).ok_or("expected a number, such as 512, 10k, 10M, or 10_000_000")
    }
}

impl Count {
    /// Parses a count within bounds.
    pub(crate) fn within(text: &str, least: u32, most: u32) -> Result<Self, String> {
        let count: Self = text.parse()?;
        if (u64::from(least)..=u64::from(most)).contains(&count.0) {
            return Ok(count);
        }
        Err(format!("expected a number from {} to {}", Self::from(least), Self::from(most)))
    }

    /// The count, if it was parsed within bounds of this type.
    pub(crate) fn as_u32(self) -> u32 {
        u32::try_from(self.0).unwrap_or(u32::MAX)
    }

    pub(crate) fn as_usize(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// Formats a number, in groups of three digits if it has more than four.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    if digits.len() <= 4 {
        return digits;
    }
    let (first, groups) = digits.split_at((digits.len() - 1) % 3 + 1);
    let groups = groups.as_bytes().chunks(3).map(String::from_utf8_lossy);
    groups.fold(first.to_owned(), |text, group| text + "_" + &group)
}

/// Parses a whole number whose digits may be grouped by `_`.
fn whole(digits: &str) -> Option<u64> {
    let is_grouped =
        digits.split('_').all(|group| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_digit()));
    if is_grouped { digits.replace('_', "").parse().ok() } else { None }
}

/// Splits a number from the unit that follows it.
fn split(text: &str) -> (&str, &str) {
    let unit = text.trim_start_matches(|byte: char| byte.is_ascii_digit() || ['.', '_'].contains(&byte));
    let (number, unit) = text.split_at(text.len() - unit.len());
    (number, unit.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_round_trip_with_their_units() {
        for (text, milliseconds, written) in [
            ("30", 30_000, "30s"),
            ("0.5", 500, "500ms"),
            ("30s", 30_000, "30s"),
            ("2m", 120_000, "2m"),
            ("90 s", 90_000, "90s"),
            ("500ms", 500, "500ms"),
            ("1h", 3_600_000, "1h"),
            ("1.5m", 90_000, "90s"),
        ] {
            let time: Time = text.parse().expect(text);
            assert_eq!(time.0, Duration::from_millis(milliseconds), "{text}");
            assert_eq!(time.to_string(), written, "{text}");
            assert_eq!(time.to_string().parse(), Ok(time), "{text}");
        }
        for wrong in ["", "0", "soon", "1e19", "inf", "NaN", "-1", "5d", "1.s.", "1M", "99999999999"] {
            assert!(wrong.parse::<Time>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn sizes_round_trip_with_their_units() {
        for (text, bytes, written) in [
            ("0", 0, "0B"),
            ("240", 240, "240B"),
            ("16384", 16_384, "16KiB"),
            ("64kib", 65_536, "64KiB"),
            ("10MB", 10_000_000, "10MB"),
            ("1 GiB", 1 << 30, "1GiB"),
            ("1500", 1500, "1500B"),
            ("2000", 2000, "2kB"),
            ("16_385", 16_385, "16_385B"),
        ] {
            let size: Size = text.parse().expect(text);
            assert_eq!((size.0, &*size.to_string()), (bytes, written), "{text}");
            assert_eq!(size.to_string().parse(), Ok(size), "{text}");
        }
        for wrong in ["", "1G", "1.5MB", "-1", "+1", "MB", "99999999999999999999", "99999999TiB"] {
            assert!(wrong.parse::<Size>().is_err(), "{wrong}");
        }
        assert_eq!(Size::within("8KiB", 8192, 10_000).map(Size::as_u32), Ok(8192));
        let refused = Size::within("8191", 8192, 1 << 20).expect_err("too small");
        assert_eq!(refused, "expected a size from 8KiB to 1MiB");
    }

    #[test]
    fn numbers_round_trip_with_their_units() {
        for (text, number, written) in [
            ("0", 0, "0"),
            ("512", 512, "512"),
            ("9000", 9000, "9000"),
            ("10_000", 10_000, "10k"),
            ("10k", 10_000, "10k"),
            ("10 M", 10_000_000, "10M"),
            ("10000000", 10_000_000, "10M"),
            ("2g", 2_000_000_000, "2G"),
            ("12345", 12_345, "12_345"),
            ("4294967295", 4_294_967_295, "4_294_967_295"),
            ("123456", 123_456, "123_456"),
        ] {
            let count: Count = text.parse().expect(text);
            assert_eq!((count.0, &*count.to_string()), (number, written), "{text}");
            assert_eq!(count.to_string().parse(), Ok(count), "{text}");
        }
        for wrong in ["", "many", "-1", "+1", "1.5M", "_1", "1_", "1__0", "k", "10MB", "99999999999999999999"]
        {
            assert!(wrong.parse::<Count>().is_err(), "{wrong}");
        }
        assert_eq!(Count::within("0", 1, 10_000).expect_err("too small"), "expected a number from 1 to 10k");
        assert_eq!("16_384".parse(), Ok(Size(16_384)));
    }
}

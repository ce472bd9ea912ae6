use std::{future::pending, time::Duration};
use tokio::time::{Instant, sleep_until};

/// When a call must end, whatever its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Deadline(Instant);

impl Deadline {
    /// Reads `grpc-timeout`, which starts now. If it is malformed or too large to represent, it is ignored
    /// ([gRPC over HTTP/2, Requests](https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#requests)).
    pub(super) fn read(headers: &http::HeaderMap) -> Option<Self> {
        let timeout = timeout(headers.get("grpc-timeout")?.to_str().ok()?)?;
        Instant::now().checked_add(timeout).map(Self)
    }

    /// Waits for the deadline, if there is one.
    pub(super) async fn over(deadline: Option<Self>) {
        match deadline {
            Some(Self(instant)) => sleep_until(instant).await,
            None => pending().await,
        }
    }

    pub(super) fn instant(self) -> Instant {
        self.0
    }
}

/// At most eight digits and a unit.
fn timeout(value: &str) -> Option<Duration> {
    let (digits, unit) = value.split_at_checked(value.len().checked_sub(1)?)?;
    if !(1..=8).contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let amount: u64 = digits.parse().ok()?;
    Some(match unit {
        "H" => Duration::from_secs(amount * 60 * 60),
        "M" => Duration::from_secs(amount * 60),
        "S" => Duration::from_secs(amount),
        "m" => Duration::from_millis(amount),
        "u" => Duration::from_micros(amount),
        "n" => Duration::from_nanos(amount),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeout_is_digits_and_a_unit() {
        for (value, expected) in [
            ("1H", Some(Duration::from_secs(3600))),
            ("2M", Some(Duration::from_secs(120))),
            ("3S", Some(Duration::from_secs(3))),
            ("04m", Some(Duration::from_millis(4))),
            ("5u", Some(Duration::from_micros(5))),
            ("99999999n", Some(Duration::from_nanos(99_999_999))),
            ("0S", Some(Duration::ZERO)),
            ("999999999n", None),
            ("", None),
            ("S", None),
            ("1", None),
            ("+1S", None),
            ("1s", None),
            ("1 S", None),
            ("1ä", None),
        ] {
            assert_eq!(timeout(value), expected, "{value:?}");
        }
    }
}

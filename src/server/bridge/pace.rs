use crate::{server::Limits, trailers::TrailersTooLarge};
use std::time::Duration;

/// What is wrong with a request's content, so that the server answers and not the handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::server) enum RequestFault {
    #[error(transparent)]
    TrailersTooLarge(#[from] TrailersTooLarge),
    #[error("a field of the request's trailer section is malformed")]
    BadTrailers,
    #[error("nothing of the request's content came for {} s", .0.as_secs_f64())]
    Stalled(Duration),
    #[error(
        "the request's content came too slowly: less than {rate} bytes per second over {} s",
        over.as_secs_f64()
    )]
    TooSlow { rate: u32, over: Duration },
}

/// How fast a request's content comes, measured over the time in which the handler waits for it and the client may send.
pub(super) struct Pace {
    stalled: Duration,
    rate: u32,
    period: Duration,
    /// How long nothing has come.
    silence: Duration,
    /// How much of the period is over, and how many bytes have come in it.
    waited: Duration,
    bytes: u64,
    in_grace: bool,
}

/// The grace is so many times shorter than the period: 5 s for one of 30 s.
const GRACE: u32 = 6;

/// At least so often it is looked whether the client may send.
const LONGEST_STEP: Duration = Duration::from_secs(1);

impl Pace {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            stalled: limits.stalled_body,
            rate: limits.min_body_rate,
            period: limits.min_body_rate_period,
            silence: Duration::ZERO,
            waited: Duration::ZERO,
            bytes: 0,
            in_grace: true,
        }
    }

    /// For how long the next look is not worth it.
    pub(super) fn step(&self) -> Duration {
        let silence = self.stalled.saturating_sub(self.silence);
        let period = self.period().saturating_sub(self.waited);
        let period = if self.rate == 0 { LONGEST_STEP } else { period };
        silence.min(period).min(LONGEST_STEP)
    }

    /// Notes that bytes have come.
    pub(super) fn came(&mut self, bytes: usize) {
        if bytes > 0 {
            self.silence = Duration::ZERO;
            self.bytes = self.bytes.saturating_add(bytes as u64);
        }
    }

    /// Notes that the handler has waited while the client could have sent.
    pub(super) fn waited(&mut self, time: Duration) -> Result<(), RequestFault> {
        self.silence += time;
        if self.silence >= self.stalled {
            return Err(RequestFault::Stalled(self.stalled));
        }
        self.waited += time;
        if self.waited < self.period() {
            return Ok(());
        }
        let enough = self.waited.as_secs_f64() * f64::from(self.rate);
        // A count of bytes that a float can't hold is more than enough.
        #[expect(clippy::cast_precision_loss)]
        let is_enough = self.in_grace || self.bytes as f64 >= enough;
        (self.in_grace, self.waited, self.bytes) = (false, Duration::ZERO, 0);
        if is_enough { Ok(()) } else { Err(RequestFault::TooSlow { rate: self.rate, over: self.period }) }
    }

    fn period(&self) -> Duration {
        if self.in_grace { self.period / GRACE } else { self.period }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// After how many seconds it fails if so many bytes come each second.
    fn fails_after(limits: &Limits, bytes: usize) -> Option<(u32, RequestFault)> {
        let mut pace = Pace::new(limits);
        (1..1000).find_map(|second| {
            let waited = pace.waited(SECOND);
            pace.came(bytes);
            waited.err().map(|fault| (second, fault))
        })
    }

    #[test]
    fn content_that_is_too_slow_fails_after_a_grace_and_a_period() {
        let limits = Limits::default();
        let too_slow = RequestFault::TooSlow { rate: 240, over: 30 * SECOND };
        assert_eq!(fails_after(&limits, 239), Some((35, too_slow)));
        assert_eq!(fails_after(&limits, 1), Some((35, too_slow)));
        assert_eq!(fails_after(&limits, 240), None);
        assert_eq!(fails_after(&limits, 0), Some((30, RequestFault::Stalled(30 * SECOND))));
        let no_rate = Limits { min_body_rate: 0, ..limits };
        assert_eq!(fails_after(&no_rate, 1), None);
    }

    #[test]
    fn what_comes_late_counts_for_its_own_period() {
        let mut pace = Pace::new(&Limits::default());
        pace.came(1_000_000);
        pace.waited(6 * SECOND).expect("the grace");
        for _ in 0..29 {
            pace.waited(SECOND).expect("within the period");
            pace.came(1);
        }
        pace.waited(SECOND).expect_err("what came in the grace does not count");
    }

    #[test]
    fn steps_end_where_something_is_to_be_decided() {
        let mut pace = Pace::new(&Limits::default());
        assert_eq!(pace.step(), SECOND);
        pace.waited(SECOND * 9 / 2).expect("the grace");
        assert_eq!(pace.step(), SECOND / 2);
        let limits = Limits { stalled_body: SECOND / 4, min_body_rate: 0, ..Limits::default() };
        assert_eq!(Pace::new(&limits).step(), SECOND / 4);
    }
}

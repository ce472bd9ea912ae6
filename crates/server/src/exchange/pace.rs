use super::request_fault::RequestFault;
use crate::limits::Limits;
use std::time::Duration;

/// How fast a request's content arrives, measured while the handler waits for it and the client may send.
pub(crate) struct Pace {
    stalled: Duration,
    rate: u32,
    period: Duration,
    /// How long nothing has arrived.
    silence: Duration,
    /// How much of the period has passed, and how many bytes have arrived in it.
    waited: Duration,
    bytes: u64,
    in_grace: bool,
    /// Until something arrives.
    awaits_continue: bool,
}

/// The period divided by this is the grace: 5 s for 30 s.
const GRACE: u32 = 6;

/// How long a client that expects `100 Continue` over HTTP/2, and does not get it, may wait before it sends its content
/// anyway ([RFC 9110 §10.1.1](https://www.rfc-editor.org/rfc/rfc9110#section-10.1.1)). curl waits for one second.
pub(crate) const EXPECTATION: Duration = Duration::from_secs(2);

/// The measured time has at least this many steps.
const PARTS: u32 = 30;
const SHORTEST_STEP: Duration = Duration::from_millis(10);
const LONGEST_STEP: Duration = Duration::from_secs(1);

impl Pace {
    /// `awaits_continue` means that the client waits for `100 Continue` in vain.
    pub(crate) fn new(limits: &Limits, awaits_continue: bool) -> Self {
        Self {
            stalled: limits.stalled_body,
            rate: limits.min_body_rate,
            period: limits.min_body_rate_period,
            silence: Duration::ZERO,
            waited: Duration::ZERO,
            bytes: 0,
            in_grace: true,
            awaits_continue,
        }
    }

    /// How long to wait for the next bytes before the next check. It is short, so that a thread that was blocked or
    /// stopped does not make a client look slow.
    pub(crate) fn step(&self) -> Duration {
        let shortest = if self.rate == 0 { self.stalled } else { self.stalled.min(self.period) };
        let shortest = if self.awaits_continue { shortest.min(EXPECTATION) } else { shortest };
        (shortest / PARTS).clamp(SHORTEST_STEP, LONGEST_STEP)
    }

    /// Notes that bytes have arrived, and how long the handler waited for them while the client could send.
    pub(crate) fn came(&mut self, bytes: usize, waited: Duration) -> Result<(), RequestFault> {
        self.awaits_continue = false;
        if bytes > 0 {
            self.silence = Duration::ZERO;
            self.bytes = self.bytes.saturating_add(bytes as u64);
        } else {
            self.silence += waited;
        }
        self.waited(waited)
    }

    /// Notes that nothing has arrived for this long.
    pub(crate) fn nothing_came(&mut self, waited: Duration) -> Result<(), RequestFault> {
        self.silence += waited;
        if self.silence >= self.stalled {
            return Err(RequestFault::Stalled(self.stalled));
        }
        if self.awaits_continue && self.silence >= EXPECTATION {
            return Err(RequestFault::AwaitsContinue);
        }
        self.waited(waited)
    }

    fn waited(&mut self, time: Duration) -> Result<(), RequestFault> {
        self.waited += time;
        if self.waited < self.period() {
            return Ok(());
        }
        let enough = self.waited.as_secs_f64() * f64::from(self.rate);
        // A count of bytes that a float can't represent is more than enough.
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

    /// In which second it fails, and why, if this many bytes arrive at the end of each second.
    fn fails_after(limits: &Limits, bytes: usize) -> Option<(u32, RequestFault)> {
        let mut pace = Pace::new(limits, false);
        (1..1000).find_map(|second| {
            let came = if bytes == 0 { pace.nothing_came(SECOND) } else { pace.came(bytes, SECOND) };
            came.err().map(|fault| (second, fault))
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
    fn bytes_count_for_the_period_in_which_they_arrive() {
        let mut pace = Pace::new(&Limits::default(), false);
        pace.came(1_000_000, 6 * SECOND).expect("the grace");
        for _ in 0..29 {
            pace.came(1, SECOND).expect("within the period");
        }
        pace.came(1, SECOND).expect_err("what came in the grace does not count");

        let mut pace = Pace::new(&Limits::default(), false);
        pace.came(1, 6 * SECOND).expect("the grace");
        pace.nothing_came(29 * SECOND).expect("within the period");
        pace.came(7200, SECOND).expect("what ends the period counts for it");
    }

    #[test]
    fn steps_are_a_part_of_the_measured_time() {
        assert_eq!(Pace::new(&Limits::default(), false).step(), SECOND);
        let limits = Limits { stalled_body: SECOND * 3 / 2, min_body_rate: 0, ..Limits::default() };
        assert_eq!(Pace::new(&limits, false).step(), SECOND / 20);
        let limits = Limits { stalled_body: SECOND / 1000, ..limits };
        assert_eq!(Pace::new(&limits, false).step(), SHORTEST_STEP);
    }

    #[test]
    fn client_that_waits_for_100_has_two_seconds_to_begin() {
        let mut pace = Pace::new(&Limits::default(), true);
        assert_eq!(pace.step(), EXPECTATION / PARTS);
        pace.nothing_came(SECOND).expect("it may still begin");
        assert_eq!(pace.nothing_came(SECOND), Err(RequestFault::AwaitsContinue));

        let mut pace = Pace::new(&Limits::default(), true);
        pace.nothing_came(SECOND).expect("it may still begin");
        pace.came(1, Duration::ZERO).expect("it has begun");
        pace.nothing_came(3 * SECOND).expect("it has begun");
        assert_eq!(pace.step(), SECOND);
    }
}

use super::{Outcome, Plan};
use crate::pace::percentile;
use anyhow::{Result, ensure};
use std::time::{Duration, Instant};

/// What has come so far.
pub(super) struct Tally {
    plan: Plan,
    started: Instant,
    last: Duration,
    /// How many responses have ended, also those that do not count.
    all: u32,
    /// Of each response that counts, in microseconds.
    times: Vec<u64>,
    bytes: u64,
    trailers: usize,
}

impl Tally {
    pub(super) fn new(plan: Plan) -> Self {
        Self {
            plan,
            started: Instant::now(),
            last: Duration::ZERO,
            all: 0,
            times: Vec::new(),
            bytes: 0,
            trailers: 0,
        }
    }

    /// Whether a stream that has sent so many requests sends another one.
    pub(super) fn goes_on(&self, sent: u32) -> bool {
        self.plan.goes_on(sent, self.started.elapsed())
    }

    /// A response has ended whole.
    pub(super) fn add(&mut self, asked: Instant, outcome: Outcome) -> Result<()> {
        let now = Instant::now();
        self.last = now - self.started;
        self.all += 1;
        if self.plan.counts(self.last) {
            self.times.push(u64::try_from((now - asked).as_micros())?);
            self.bytes += outcome.bytes;
            self.trailers += usize::from(outcome.trailer);
        }
        Ok(())
    }

    /// One JSON object.
    pub(super) fn report(mut self) -> Result<String> {
        ensure!(!self.times.is_empty(), "no response has ended in the time");
        ensure!(
            self.trailers == 0 || self.trailers == self.times.len(),
            "{} of {} responses had the trailer",
            self.trailers,
            self.times.len()
        );
        self.times.sort_unstable();
        let seconds = self.plan.duration(self.last).as_secs_f64();
        let done = self.times.len();
        let per_second = f64::from(u32::try_from(done)?) / seconds;
        let [p50, p99] = [50, 99].map(|percent| percentile(&self.times, percent));
        Ok(format!(
            r#"{{"all":{},"done":{done},"seconds":{seconds:.6},"per_second":{per_second:.1},"bytes":{},"trailers":{},"p50_us":{p50},"p99_us":{p99}}}"#,
            self.all, self.bytes, self.trailers
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WITH: Outcome = Outcome { bytes: 14, trailer: true };
    const WITHOUT: Outcome = Outcome { bytes: 14, trailer: false };

    fn report(plan: Plan, outcomes: &[Outcome]) -> Result<String> {
        let mut tally = Tally::new(plan);
        for outcome in outcomes {
            tally.add(Instant::now(), *outcome)?;
        }
        tally.report()
    }

    #[test]
    fn all_or_none_of_the_responses_have_the_trailer() {
        let each = Plan::Requests(2);
        let both = report(each, &[WITH, WITH]).expect("both have it");
        assert!(both.contains(r#""done":2,"#) && both.contains(r#""bytes":28,"trailers":2,"#), "{both}");
        assert!(report(each, &[WITHOUT, WITHOUT]).is_ok());
        assert!(report(each, &[WITH, WITHOUT]).is_err());
        assert!(report(each, &[]).is_err());
    }

    #[test]
    fn the_warm_up_does_not_count() {
        let warm_up = Duration::from_secs(60);
        let timed = Plan::Timed { warm_up, seconds: Duration::from_secs(2) };
        assert!(report(timed, &[WITH]).is_err());
        let at = |seconds| Duration::from_secs(seconds);
        assert_eq!([59, 60, 61, 62].map(|seconds| timed.counts(at(seconds))), [false, true, true, false]);
        assert_eq!([61, 62].map(|seconds| timed.goes_on(9, at(seconds))), [true, false]);
    }
}

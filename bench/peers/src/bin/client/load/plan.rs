use std::time::Duration;

/// When a run ends.
#[derive(Clone, Copy)]
pub(crate) enum Plan {
    /// After this many requests on each stream. All responses count.
    Requests(u32),
    /// After a time. The responses that end after the warm-up and before the end of the time count.
    Timed { warm_up: Duration, seconds: Duration },
}

impl Plan {
    /// Whether a stream that has sent so many requests sends another one, so long after the start.
    pub(super) fn goes_on(self, sent: u32, elapsed: Duration) -> bool {
        match self {
            Self::Requests(each) => sent < each,
            Self::Timed { warm_up, seconds } => elapsed < warm_up + seconds,
        }
    }

    /// Whether a response that ends so long after the start counts.
    pub(super) fn counts(self, elapsed: Duration) -> bool {
        match self {
            Self::Requests(_) => true,
            Self::Timed { warm_up, seconds } => (warm_up..warm_up + seconds).contains(&elapsed),
        }
    }

    /// The time in which the responses that count have ended, if the last one ended so long after the start.
    pub(super) fn duration(self, last: Duration) -> Duration {
        match self {
            Self::Requests(_) => last,
            Self::Timed { seconds, .. } => seconds,
        }
    }
}

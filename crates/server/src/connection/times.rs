//! How long a connection may go on once there is nothing more for it.

use super::close_reason::CloseReason;
use std::time::Duration;
use tokio::time::Instant;

/// How long a closed connection waits for its client to close too, since it last said something, and in all. Closed
/// at once, it would be reset by whatever the client still says, a `WINDOW_UPDATE` for one, and a slow reader would
/// lose the end of its response. An HTTP/2 stream has as long for the rest of a request.
///
/// If the server ends, a connection without a request has [`LAST_WORDS`] since its client last said something, and
/// [`LAST_WORDS_AT_MOST`] in all.
pub(crate) const LINGER: Duration = Duration::from_secs(2);
pub(crate) const LINGER_AT_MOST: Duration = Duration::from_secs(30);
pub(crate) const LAST_WORDS: Duration = Duration::from_millis(400);
pub(crate) const LAST_WORDS_AT_MOST: Duration = Duration::from_millis(1700);

/// How long the rest of a request is read if the server ends: less than its connection has, so that its stream ends well.
pub(crate) const REST_AT_END: Duration = Duration::from_secs(1);

/// How long nothing moves on a connection whose responses have all arrived.
pub(super) const SILENCE: Duration = Duration::from_millis(200);

/// When to look at a connection's times again.
pub(super) struct Times {
    pub(super) now: Instant,
    pub(super) again: Instant,
}

impl Times {
    /// Bounds a time that has begun by `limit`. If it is longer, `over` is returned.
    pub(super) fn bound(
        &mut self,
        began: Option<Instant>,
        limit: Duration,
        over: CloseReason,
    ) -> Result<(), CloseReason> {
        let Some(deadline) = began.map(|began| began + limit) else {
            return Ok(());
        };
        if self.now >= deadline {
            return Err(over);
        }
        self.again = self.again.min(deadline);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn earliest_time_that_has_begun_bounds_the_next_look() {
        let (now, second) = (Instant::now(), Duration::from_secs(1));
        let mut times = Times { now, again: now + 10 * second };
        assert_eq!(times.bound(None, second, CloseReason::Idle), Ok(()));
        assert_eq!(times.again, now + 10 * second);
        assert_eq!(times.bound(Some(now), 5 * second, CloseReason::Idle), Ok(()));
        assert_eq!(times.bound(Some(now), 7 * second, CloseReason::Idle), Ok(()));
        assert_eq!(times.again, now + 5 * second);
        times.now = now + second;
        assert_eq!(times.bound(Some(now), second, CloseReason::Idle), Err(CloseReason::Idle));
    }
}

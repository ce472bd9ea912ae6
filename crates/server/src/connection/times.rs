//! Times for the end of a connection.

use super::close_reason::CloseReason;
use std::time::Duration;
use tokio::time::Instant;

/// How long a connection that is closed for writing waits for its client to close it as well: [`LINGER`] since the
/// client last sent something, [`LINGER_AT_MOST`] in total. If it were closed at once, any byte from the client, such
/// as a `WINDOW_UPDATE`, would reset it, and a slow reader would lose the end of its response. An HTTP/2 stream waits
/// as long for the rest of a request.
///
/// When the server shuts down, a connection without a request has [`LAST_WORDS`] since the client's last sign of life,
/// and [`LAST_WORDS_AT_MOST`] in total.
pub(crate) const LINGER: Duration = Duration::from_secs(2);
pub(crate) const LINGER_AT_MOST: Duration = Duration::from_secs(30);
pub(crate) const LAST_WORDS: Duration = Duration::from_millis(400);
pub(crate) const LAST_WORDS_AT_MOST: Duration = Duration::from_millis(1700);

/// How long the rest of a request is read during a shutdown: less than its connection has, so that its stream ends
/// cleanly.
pub(crate) const REST_AT_END: Duration = Duration::from_secs(1);

/// If nothing has moved on a connection for this long, all its responses have arrived.
pub(super) const SILENCE: Duration = Duration::from_millis(200);

/// The time of a check, and of the next one.
pub(super) struct Times {
    pub(super) now: Instant,
    pub(super) again: Instant,
}

impl Times {
    /// Returns `over` if `limit` has passed since `began`. Otherwise the next check is at that time, or earlier.
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
    fn earliest_deadline_sets_the_next_check() {
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

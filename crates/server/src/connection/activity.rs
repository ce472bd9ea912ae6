use super::{
    atomic_instant::{AtomicInstant, Epoch},
    close_reason::CloseReason,
    protocol::Protocol,
    times::{LAST_WORDS, LAST_WORDS_AT_MOST, SILENCE, Times},
};
use crate::limits::Limits;
use std::{
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::Duration,
};
use tokio::time::Instant;

/// The times of a connection: when something last moved, and since when it has been waiting for something.
pub(crate) struct Activity {
    epoch: Epoch,
    last_read: AtomicInstant,
    last_write: AtomicInstant,
    write_blocked: AtomicInstant,
    last_request_end: AtomicInstant,
    /// Since when the first bytes are awaited.
    silent_since: AtomicInstant,
    /// Since when the connection must end as soon as it has no request: the server is shutting down.
    ends_when_idle: AtomicInstant,
    /// Since when the client has stopped sending while responses are pending.
    ends_after_responses: AtomicInstant,
    /// Whether the connection is closed for writing and waits for its client to close it as well.
    lingers: AtomicBool,
}

impl Activity {
    pub(super) fn begin() -> Self {
        let epoch = Epoch::start();
        Self {
            last_read: AtomicInstant::at(&epoch),
            last_write: AtomicInstant::at(&epoch),
            write_blocked: AtomicInstant::never(),
            last_request_end: AtomicInstant::at(&epoch),
            silent_since: AtomicInstant::never(),
            ends_when_idle: AtomicInstant::never(),
            ends_after_responses: AtomicInstant::never(),
            lingers: AtomicBool::new(false),
            epoch,
        }
    }

    pub(crate) fn epoch(&self) -> Epoch {
        self.epoch
    }

    pub(super) fn note_read(&self) {
        self.last_read.set(&self.epoch);
    }

    pub(super) fn note_write(&self) {
        self.last_write.set(&self.epoch);
        self.write_blocked.clear();
    }

    pub(crate) fn wrote_within(&self, span: Duration) -> bool {
        self.last_write.get(&self.epoch).is_some_and(|last| last.elapsed() < span)
    }

    pub(crate) fn note_write_blocked(&self) {
        if !self.is_write_blocked() {
            self.write_blocked.set(&self.epoch);
        }
    }

    pub(super) fn is_write_blocked(&self) -> bool {
        self.write_blocked.get(&self.epoch).is_some()
    }

    pub(super) fn note_request_end(&self, ended: Instant) {
        self.last_request_end.set_to(ended, &self.epoch);
    }

    pub(super) fn last_request_end(&self) -> Option<Instant> {
        self.last_request_end.get(&self.epoch)
    }

    /// The last write, if it can only have been part of the current response.
    pub(super) fn last_progress(&self, protocol: Protocol) -> Option<Instant> {
        if protocol.bytes_prove_progress() { self.last_write.get(&self.epoch) } else { None }
    }

    /// Notes that the client may send: its first bytes are awaited from now on.
    pub(crate) fn awaits_first_bytes(&self) {
        self.silent_since.set(&self.epoch);
    }

    /// Notes that the first bytes have arrived.
    pub(crate) fn has_spoken(&self) {
        self.silent_since.clear();
    }

    /// Notes that the connection is closed for writing.
    pub(crate) fn lingers(&self) {
        self.lingers.store(true, Relaxed);
    }

    pub(super) fn is_lingering(&self) -> bool {
        self.lingers.load(Relaxed)
    }

    /// Ends the connection as soon as it has no request.
    pub(crate) fn ends_when_idle(&self) {
        self.ends_when_idle.set(&self.epoch);
    }

    /// Ends the connection once its responses are written.
    pub(super) fn ends_after_responses(&self) {
        self.ends_after_responses.set(&self.epoch);
    }

    pub(crate) fn is_ending_after_responses(&self) -> bool {
        self.ends_after_responses.get(&self.epoch).is_some()
    }

    /// How long until the next check. No check is triggered when a response begins to wait, the socket is full or the
    /// last request ends: these are noticed up to this much later.
    pub(super) fn again_after(&self, stalled_reader: Duration, has_requests: bool) -> Duration {
        let ends = [&self.ends_when_idle, &self.ends_after_responses];
        let part = stalled_reader / 4;
        match self.last_of(ends.into_iter()) {
            Some(_) if !has_requests => part.min(SILENCE),
            Some(_) => part.min(5 * SILENCE),
            None => part,
        }
    }

    /// Checks for a client that has stopped reading.
    pub(super) fn check_writes(&self, times: &mut Times, limits: &Limits) -> Result<(), CloseReason> {
        let blocked = self.write_blocked.get(&self.epoch);
        times.bound(blocked, limits.stalled_reader, CloseReason::StalledReader)
    }

    pub(super) fn check_first_bytes(&self, times: &mut Times, limits: &Limits) -> Result<(), CloseReason> {
        let silent = self.silent_since.get(&self.epoch);
        times.bound(silent, limits.first_byte, CloseReason::NoFirstByte)
    }

    /// Checks a connection without a request.
    pub(super) fn check_idle(
        &self,
        times: &mut Times,
        limits: &Limits,
        protocol: Protocol,
    ) -> Result<(), CloseReason> {
        let bytes = [&self.last_read, &self.last_write];
        let bytes = bytes.into_iter().filter(|_| protocol.bytes_prove_progress());
        let idle = self.last_of(bytes.chain([&self.last_request_end]));
        times.bound(idle, limits.idle, CloseReason::Idle)
    }

    /// Checks a connection that has its responses and must end.
    pub(super) fn check_end(&self, times: &mut Times, protocol: Protocol) -> Result<(), CloseReason> {
        if let Some(since) = self.ends_when_idle.get(&self.epoch) {
            let since = self.last_request_end().map_or(since, |end| end.max(since));
            times.bound(self.last_sign(protocol).max(Some(since)), LAST_WORDS, CloseReason::Shutdown)?;
            times.bound(Some(since), LAST_WORDS_AT_MOST, CloseReason::Shutdown)?;
        }
        if let Some(since) = self.ends_after_responses.get(&self.epoch) {
            let quiet = self.last_of([&self.last_write, &self.last_request_end].into_iter());
            times.bound(quiet.max(Some(since)), SILENCE, CloseReason::Idle)?;
        }
        Ok(())
    }

    /// The last sign that the client still reads its last response.
    fn last_sign(&self, protocol: Protocol) -> Option<Instant> {
        let read = Some(&self.last_read).filter(|_| protocol.has_flow_control());
        self.last_of([&self.last_write].into_iter().chain(read))
    }

    fn last_of<'m>(&self, moments: impl Iterator<Item = &'m AtomicInstant>) -> Option<Instant> {
        moments.filter_map(|moment| moment.get(&self.epoch)).max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::{advance, sleep};

    const SECOND: Duration = Duration::from_secs(1);

    /// How long until the check fails, and why, if `before` runs before each check.
    async fn ends_after(
        step: Duration,
        before: impl Fn(),
        check: impl Fn(&mut Times) -> Result<(), CloseReason>,
    ) -> (Duration, CloseReason) {
        let began = Instant::now();
        loop {
            before();
            let now = Instant::now();
            if let Err(reason) = check(&mut Times { now, again: now }) {
                return (began.elapsed(), reason);
            }
            assert!(began.elapsed() < 1000 * SECOND, "it does not end");
            sleep(step).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn first_bytes_must_arrive_in_time() {
        let (limits, activity) = (Limits::default(), Activity::begin());
        let check = |times: &mut Times| activity.check_first_bytes(times, &limits);
        advance(2 * limits.first_byte).await;
        let now = Instant::now();
        assert_eq!(check(&mut Times { now, again: now }), Ok(()), "the handshake is bounded by itself");
        activity.awaits_first_bytes();
        let over = ends_after(SECOND, || {}, check).await;
        assert_eq!(over, (limits.first_byte, CloseReason::NoFirstByte));
        activity.has_spoken();
        let now = Instant::now();
        assert_eq!(check(&mut Times { now, again: now }), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn blocked_write_is_limited_until_something_is_written() {
        let (limits, activity) = (Limits::default(), Activity::begin());
        let check = |times: &mut Times| activity.check_writes(times, &limits);
        // A repeated note does not restart the time.
        let blocks = || activity.note_write_blocked();
        let over = ends_after(SECOND, blocks, check).await;
        assert_eq!(over, (limits.stalled_reader, CloseReason::StalledReader));
        activity.note_write();
        assert!(!activity.is_write_blocked());
        assert_eq!(ends_after(SECOND, blocks, check).await, over);
    }

    #[tokio::test(start_paused = true)]
    async fn bytes_make_only_an_http1_connection_busy() {
        let limits = Limits::default();
        for (protocol, reads) in [(Protocol::Http1, true), (Protocol::Http2, false)] {
            let activity = Activity::begin();
            let check = |times: &mut Times| activity.check_idle(times, &limits, protocol);
            advance(limits.idle / 2).await;
            activity.note_read();
            let later = if reads { limits.idle / 2 } else { Duration::ZERO };
            let over = ends_after(SECOND, || {}, check).await;
            assert_eq!(over, (limits.idle / 2 + later, CloseReason::Idle), "{protocol:?}");
            activity.note_request_end(Instant::now());
            assert_eq!(ends_after(SECOND, || {}, check).await.0, limits.idle, "{protocol:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn active_client_has_longer_during_a_shutdown() {
        let step = Duration::from_millis(10);
        for (protocol, expected) in [(Protocol::Http1, LAST_WORDS), (Protocol::Http2, LAST_WORDS_AT_MOST)] {
            let activity = Activity::begin();
            advance(SECOND).await;
            activity.ends_when_idle();
            let check = |times: &mut Times| activity.check_end(times, protocol);
            let over = ends_after(step, || activity.note_read(), check).await;
            assert_eq!(over, (expected, CloseReason::Shutdown), "{protocol:?}");
        }
        let activity = Activity::begin();
        activity.ends_when_idle();
        let check = |times: &mut Times| activity.check_end(times, Protocol::Http1);
        let over = ends_after(step, || activity.note_write(), check).await;
        assert_eq!(over.0, LAST_WORDS_AT_MOST);
    }

    #[tokio::test(start_paused = true)]
    async fn half_closed_connection_ends_once_nothing_is_written() {
        let activity = Activity::begin();
        assert!(!activity.is_ending_after_responses());
        activity.ends_after_responses();
        assert!(activity.is_ending_after_responses());
        advance(10 * SILENCE).await;
        activity.note_write();
        let check = |times: &mut Times| activity.check_end(times, Protocol::Http2);
        let over = ends_after(Duration::from_millis(10), || {}, check).await;
        assert_eq!(over, (SILENCE, CloseReason::Idle));
    }

    #[tokio::test(start_paused = true)]
    async fn ending_connection_is_checked_more_often() {
        let activity = Activity::begin();
        let limit = 60 * SECOND;
        assert_eq!(activity.again_after(limit, false), limit / 4);
        activity.ends_when_idle();
        assert_eq!(activity.again_after(limit, true), 5 * SILENCE);
        assert_eq!(activity.again_after(limit, false), SILENCE);
        assert_eq!(activity.again_after(SILENCE, false), SILENCE / 4);
    }
}

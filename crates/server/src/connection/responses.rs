use super::{
    activity::Activity, close_reason::CloseReason, protocol::Protocol, shared_body::SharedBody, times::Times,
};
use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::time::Instant;

/// The unfinished responses of a connection, and whether their readers have stalled.
#[derive(Default)]
pub(crate) struct Responses {
    open_requests: AtomicUsize,
    unanswered: AtomicUsize,
    bodies: Mutex<Vec<Arc<SharedBody>>>,
}

impl Responses {
    pub(super) fn request_begins(&self) {
        self.open_requests.fetch_add(1, Relaxed);
    }

    pub(super) fn request_ends(&self) {
        self.open_requests.fetch_sub(1, Relaxed);
    }

    /// The number of requests whose responses have not ended.
    pub(crate) fn open_requests(&self) -> usize {
        self.open_requests.load(Relaxed)
    }

    /// Notes how many of the client's streams have not been written to their end. hyper accepts the end of a response
    /// before the client's window lets h2 send it.
    pub(crate) fn note_unanswered(&self, streams: usize) {
        self.unanswered.store(streams, Relaxed);
    }

    /// Whether all responses have been given to the socket.
    pub(super) fn are_given_out(&self) -> bool {
        self.open_requests() == 0 && self.unanswered.load(Relaxed) == 0
    }

    pub(crate) fn add(&self, body: Arc<SharedBody>) {
        self.bodies().push(body);
    }

    pub(crate) fn remove(&self, body: &Arc<SharedBody>) {
        self.bodies().retain(|other| !Arc::ptr_eq(other, body));
    }

    /// A stalled HTTP/2 stream ends the connection only if no other request is in progress: hyper holds the stream until
    /// its reader moves, and a browser that leaves one response unread must not lose the others.
    pub(super) fn check_readers(
        &self,
        times: &mut Times,
        limit: Duration,
        activity: &Activity,
        protocol: Protocol,
    ) -> Result<(), CloseReason> {
        let stalled = self.abandon_stalled(times, limit, activity, protocol);
        if protocol.resets_stalled_streams() || stalled < self.open_requests() {
            return Ok(());
        }
        // The response that ended last may still be in transit, and would be lost with the connection.
        times.bound(activity.last_request_end(), limit, CloseReason::StalledReader)
    }

    /// Drops the bodies whose readers have stalled, which ends their producers and frees memory. Returns how many have
    /// stalled so far.
    fn abandon_stalled(
        &self,
        times: &mut Times,
        limit: Duration,
        activity: &Activity,
        protocol: Protocol,
    ) -> usize {
        let mut stalled = 0;
        let moved = activity.last_progress(protocol);
        let bodies = self.bodies().clone();
        for body in bodies {
            let since = body.waits_since(&activity.epoch()).map(|since| latest(since, moved));
            if times.bound(since, limit, CloseReason::StalledReader).is_err() {
                body.abandon();
                stalled += 1;
            }
        }
        stalled
    }

    fn bodies(&self) -> MutexGuard<'_, Vec<Arc<SharedBody>>> {
        self.bodies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn latest(moment: Instant, other: Option<Instant>) -> Instant {
    other.map_or(moment, |other| other.max(moment))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::AppBody;
    use http_body_util::Full;
    use tokio::time::advance;

    const LIMIT: Duration = Duration::from_secs(60);

    /// A connection with `COUNT` responses.
    fn responses<const COUNT: usize>() -> (Activity, Responses, [Arc<SharedBody>; COUNT]) {
        let (activity, responses) = (Activity::begin(), Responses::default());
        let bodies = std::array::from_fn(|_| {
            let body = Arc::new(SharedBody::new(AppBody::of_http_1(Full::from("a body"))));
            responses.request_begins();
            responses.add(body.clone());
            body
        });
        (activity, responses, bodies)
    }

    /// The result of a check now: how long until the next one, or why to end.
    fn check(
        responses: &Responses,
        activity: &Activity,
        protocol: Protocol,
    ) -> Result<Duration, CloseReason> {
        let now = Instant::now();
        let mut times = Times { now, again: now + LIMIT };
        responses.check_readers(&mut times, LIMIT, activity, protocol)?;
        Ok(times.again - now)
    }

    #[tokio::test(start_paused = true)]
    async fn only_the_stalled_response_is_abandoned() {
        let (activity, responses, [stalled, other]) = responses();
        stalled.waiting(&activity.epoch());
        advance(LIMIT / 2).await;
        assert_eq!(check(&responses, &activity, Protocol::Http2), Ok(LIMIT / 2));
        advance(LIMIT / 2).await;
        check(&responses, &activity, Protocol::Http2).expect("the other one goes on");
        assert_eq!((stalled.is_abandoned(), other.is_abandoned()), (true, false));
    }

    #[tokio::test(start_paused = true)]
    async fn connection_ends_if_all_readers_have_stalled_and_none_ended_recently() {
        let (activity, responses, [stalled, other]) = responses();
        stalled.waiting(&activity.epoch());
        advance(LIMIT).await;
        responses.remove(&other);
        responses.request_ends();
        activity.note_request_end(Instant::now());
        assert_eq!(check(&responses, &activity, Protocol::Http2), Ok(LIMIT));
        advance(LIMIT).await;
        assert_eq!(check(&responses, &activity, Protocol::Http2), Err(CloseReason::StalledReader));
    }

    #[tokio::test(start_paused = true)]
    async fn bytes_are_progress_over_http1_only() {
        for (protocol, is_abandoned) in [(Protocol::Http1, false), (Protocol::Http2, true)] {
            let (activity, responses, [slow, _other]) = responses();
            slow.waiting(&activity.epoch());
            advance(LIMIT / 2).await;
            activity.note_write();
            advance(LIMIT / 2).await;
            check(&responses, &activity, protocol).expect("the other one goes on");
            assert_eq!(slow.is_abandoned(), is_abandoned, "{protocol:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn reader_that_polls_again_has_not_stalled() {
        let (activity, responses, [slow, _other]) = responses();
        slow.waiting(&activity.epoch());
        advance(LIMIT / 2).await;
        slow.polled();
        advance(LIMIT).await;
        check(&responses, &activity, Protocol::Http2).expect("the other one goes on");
        assert!(!slow.is_abandoned());
    }

    #[test]
    fn responses_are_given_out_once_all_streams_are_written() {
        let responses = Responses::default();
        assert!(responses.are_given_out());
        responses.request_begins();
        responses.note_unanswered(1);
        assert!(!responses.are_given_out());
        responses.request_ends();
        assert!(!responses.are_given_out());
        responses.note_unanswered(0);
        assert!(responses.are_given_out());
    }
}

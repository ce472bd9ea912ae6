use crate::io::Written;
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::Duration,
};
use tokio::time::Instant;

/// "Never", as far as tokio's clock reaches.
const FAR: Duration = Duration::from_secs(86400 * 365 * 30);

/// What the request body and the response of one exchange share.
#[derive(Clone, Debug)]
pub(crate) struct Exchange(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    request_body: RequestBody,
    /// The response has ended, or nobody reads it any more.
    is_over: bool,
    /// The connection waits for the source of the request body, not for the server.
    waits_for_source: bool,
    last_progress: Instant,
    /// Of the connection that carries it.
    written: Option<Written>,
    /// What the connection had accepted before.
    written_before: u64,
    /// The content that was given to the connection, in bytes.
    content: u64,
    /// Why the request body failed.
    failure: Option<String>,
    /// Of the connection, which waits for the request body.
    waker: Option<Waker>,
    /// Of the response, over HTTP/3.
    reader: Option<Waker>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RequestBody {
    /// It waits for `100 Continue`.
    Gated,
    Sending,
    /// The connection has taken all of it, or needs no more of it.
    Done,
}

/// What the request body does next.
pub(crate) enum Next {
    Send,
    /// Nobody needs the rest.
    Abandon,
}

impl Exchange {
    /// An exchange whose request body waits until it is [opened](Self::open), if `is_gated`.
    pub(crate) fn new(is_gated: bool) -> Self {
        Self(Arc::new(Mutex::new(State {
            request_body: if is_gated { RequestBody::Gated } else { RequestBody::Sending },
            is_over: false,
            waits_for_source: false,
            last_progress: Instant::now(),
            written: None,
            written_before: 0,
            content: 0,
            failure: None,
            waker: None,
            reader: None,
        })))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn poll_next(&self, cx: &mut Context<'_>) -> Poll<Next> {
        let mut state = self.lock();
        register(&mut state.waker, cx);
        match state.request_body {
            _ if state.is_over => Poll::Ready(Next::Abandon),
            RequestBody::Gated => Poll::Pending,
            RequestBody::Sending | RequestBody::Done => Poll::Ready(Next::Send),
        }
    }

    pub(crate) fn is_gated(&self) -> bool {
        self.lock().request_body == RequestBody::Gated
    }

    /// Lets the request body pass.
    pub(crate) fn open(&self) {
        let waker = {
            let mut state = self.lock();
            if state.request_body == RequestBody::Gated {
                state.request_body = RequestBody::Sending;
            }
            state.last_progress = Instant::now();
            state.waker.take()
        };
        waker.into_iter().for_each(Waker::wake);
    }

    /// Ends the request body: its rest is not sent.
    pub(crate) fn end(&self) {
        let waker = {
            let mut state = self.lock();
            state.is_over = true;
            state.waker.take()
        };
        waker.into_iter().for_each(Waker::wake);
    }

    /// The request body has failed.
    pub(crate) fn fail(&self, reason: String) {
        let reader = {
            let mut state = self.lock();
            state.failure = Some(reason);
            state.reader.take()
        };
        reader.into_iter().for_each(Waker::wake);
    }

    /// Waits until the request body has failed. hyper does this by itself.
    #[cfg(feature = "http3")]
    pub(crate) fn poll_failed(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        register(&mut state.reader, cx);
        if state.failure.is_some() { Poll::Ready(()) } else { Poll::Pending }
    }

    /// Waits until nobody needs the rest of the request body. For the task that sends it.
    #[cfg(feature = "http3")]
    pub(crate) fn poll_over(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        register(&mut state.waker, cx);
        if state.is_over { Poll::Ready(()) } else { Poll::Pending }
    }

    pub(crate) fn failure(&self) -> Option<String> {
        self.lock().failure.clone()
    }

    /// The connection has taken all of the request body, or needs no more of it.
    pub(crate) fn has_sent(&self) {
        let mut state = self.lock();
        state.request_body = RequestBody::Done;
        state.waits_for_source = false;
        state.last_progress = Instant::now();
    }

    pub(crate) fn has_sent_all(&self) -> bool {
        self.lock().request_body == RequestBody::Done
    }

    /// The request goes over this connection.
    pub(crate) fn begin_over(&self, written: Written) {
        let mut state = self.lock();
        state.written_before = written.content();
        state.written = Some(written);
        state.last_progress = Instant::now();
    }

    /// The connection is given this many bytes of the request's content.
    pub(crate) fn add_content(&self, bytes: u64) {
        self.lock().content += bytes;
    }

    /// Whether the connection was given content of the request, and has not accepted all of it.
    pub(crate) fn is_uploading(&self) -> bool {
        let state = self.lock();
        let is_written = |written: &Written| written.is_all_since(state.written_before, state.content);
        let is_sent =
            state.request_body == RequestBody::Done && state.written.as_ref().is_none_or(is_written);
        state.content > 0 && !is_sent
    }

    pub(crate) fn waits_for_source(&self) {
        self.lock().waits_for_source = true;
    }

    /// A part of the request body was taken, or something arrived.
    pub(crate) fn progress(&self) {
        let mut state = self.lock();
        state.waits_for_source = false;
        state.last_progress = Instant::now();
    }

    /// When the wait for the server becomes a stall, if nothing happens until then.
    pub(crate) fn deadline(&self, bound: Duration) -> Instant {
        let state = self.lock();
        // The source has any time.
        if state.waits_for_source {
            return after(Instant::now(), bound);
        }
        // Over HTTP/2, a request without content does not wait for that of others.
        let written = state.written.as_ref().filter(|_| state.content > 0).map(Written::last);
        let since = written.map_or(state.last_progress, |written| written.max(state.last_progress));
        after(since, bound)
    }
}

fn register(waker: &mut Option<Waker>, cx: &Context<'_>) {
    match waker {
        Some(waker) => waker.clone_from(cx.waker()),
        none => *none = Some(cx.waker().clone()),
    }
}

/// The end of a time that may be without limit.
pub(super) fn after(start: Instant, time: Duration) -> Instant {
    start.checked_add(time).unwrap_or_else(|| start + FAR)
}

use http::Version;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::time::Instant;

/// What the connection has accepted of the requests; over HTTP/3, what has arrived of one request. hyper lets go of a request body
/// before.
#[derive(Clone, Debug)]
pub(crate) struct Written(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    /// Whether the last byte of each request was accepted, over HTTP/1.1.
    is_all: bool,
    /// The content of all requests in bytes, over HTTP/2 and HTTP/3.
    content: Option<u64>,
    last: Instant,
}

impl Written {
    pub(crate) fn new(version: Version) -> Self {
        let content = (version >= Version::HTTP_2).then_some(0);
        Self(Arc::new(Mutex::new(State { is_all: true, content, last: Instant::now() })))
    }

    /// Over HTTP/1.1, bytes were accepted, perhaps the last ones of a request.
    pub(super) fn add(&self, is_all: bool) {
        let mut state = self.lock();
        state.is_all = is_all;
        state.last = Instant::now();
    }

    /// Over HTTP/2, this number of bytes of content was accepted; over HTTP/3, the server has it.
    pub(crate) fn add_content(&self, bytes: u64) {
        let mut state = self.lock();
        state.content = state.content.map(|content| content.saturating_add(bytes));
        state.last = Instant::now();
    }

    /// Over HTTP/3, something was accepted, or has arrived.
    #[cfg(feature = "http3")]
    pub(crate) fn progress(&self) {
        self.lock().last = Instant::now();
    }

    /// Whether the last byte of each HTTP/1.1 request was accepted.
    pub(crate) fn is_all(&self) -> bool {
        self.lock().is_all
    }

    /// The content of all requests until now, over HTTP/2 and HTTP/3.
    pub(crate) fn content(&self) -> u64 {
        self.lock().content.unwrap_or_default()
    }

    /// Whether the content of a request of this size in bytes was accepted, which began at `start`. Over HTTP/2, this counts
    /// the content of other requests as well.
    pub(crate) fn is_all_since(&self, start: u64, size: u64) -> bool {
        let state = self.lock();
        state.is_all && state.content.is_none_or(|content| content.saturating_sub(start) >= size)
    }

    /// When bytes were accepted. Over HTTP/2, only content counts.
    pub(crate) fn last(&self) -> Instant {
        self.lock().last
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

use crate::trailers::WithheldReason;
use http::{HeaderMap, StatusCode};
use std::{fmt, ops::Deref, sync::Arc};

/// Observes what a server sends of one response. A layer or a handler inserts it into the response's extensions.
///
/// The server calls [`header_section`](Observe::header_section) once, [`data`](Observe::data) for each piece,
/// [`trailers`](Observe::trailers) or [`withheld`](Observe::withheld) at most once, and [`ended`](Observe::ended) once,
/// in this order. If the server replaces the response before it is sent, it may call none of them.
#[derive(Clone)]
pub struct ResponseObserver(Arc<dyn Observe>);

/// The calls that a server makes for a [`ResponseObserver`]. They must not block or panic.
pub trait Observe: Send + Sync + 'static {
    /// The header section, as the server passes it to the protocol: with every field except those that the HTTP library
    /// itself adds, such as `Date`.
    fn header_section(&self, status: StatusCode, fields: &mut dyn Iterator<Item = (&str, &[u8])>);

    /// A piece of content, in bytes. Over HTTP/1.1 it becomes one chunk, over HTTP/2 one or more `DATA` frames.
    fn data(&self, bytes: usize);

    /// The trailer section.
    fn trailers(&self, trailers: &HeaderMap);

    /// The trailers are withheld.
    fn withheld(&self, reason: WithheldReason);

    /// The response has ended. `reason` is the text of the server's log, such as `client gone`.
    fn ended(&self, outcome: Outcome, reason: &str);
}

/// How a response ended for its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The server has sent all of it.
    Complete,
    /// The message is complete, and its trailers report a failure.
    Failed,
    /// The transfer broke, or the client left.
    Cut,
}

impl ResponseObserver {
    /// Makes the server call this observer.
    pub fn new(observer: impl Observe) -> Self {
        Self(Arc::new(observer))
    }
}

impl From<Arc<dyn Observe>> for ResponseObserver {
    fn from(observer: Arc<dyn Observe>) -> Self {
        Self(observer)
    }
}

impl Deref for ResponseObserver {
    type Target = dyn Observe;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

impl fmt::Debug for ResponseObserver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseObserver").finish_non_exhaustive()
    }
}

use crate::trailers::WithheldReason;
use http::{HeaderMap, StatusCode};
use std::{fmt, sync::Arc};

/// Makes a server report what it sends of one response. A handler or a layer inserts it into the response's extensions.
///
/// A response has one observer: inserting another replaces it. If the server replaces the response, for example because
/// its header section is too large, the observer gets the calls for the replacement. A response that the server creates
/// itself has none, such as the 500 after a panic of the handler; nor has a gRPC response.
///
/// ```
/// use axum::{Extension, response::IntoResponse};
/// use axum_trailers::trailers::server::{Observe, Outcome, ResponseObserver};
///
/// struct Download {
///     file: &'static str,
/// }
///
/// impl Observe for Download {
///     fn ended(&self, outcome: Outcome) {
///         println!("{}: {outcome:?}", self.file);
///     }
/// }
///
/// async fn download() -> impl IntoResponse {
///     (Extension(ResponseObserver::new(Download { file: "report.csv" })), "a,b\n")
/// }
/// # let _ = download;
/// ```
#[derive(Clone)]
pub struct ResponseObserver(Arc<dyn Observe>);

/// What a server reports about a response, in this order: [`header_section`](Self::header_section) once, then
/// [`withheld`](Self::withheld) if trailers are withheld, [`data`](Self::data) for each piece of content,
/// [`withheld`](Self::withheld) if fields are left out because they were not announced, [`trailers`](Self::trailers) if
/// there are any, and [`ended`](Self::ended) once. If the client leaves before the header
/// section is ready, there are no calls.
///
/// The calls are made on the connection's task, so they must not block. axum-trailers-server logs a panic and then makes
/// no further calls for the response.
pub trait Observe: Send + Sync + 'static {
    /// The header section, in the order in which it is sent, without the fields that the HTTP library adds, such as
    /// `Date`. With `Transfer-Encoding: chunked`, if HTTP/1.1 uses it.
    fn header_section(&self, status: StatusCode, fields: &[(&str, &[u8])]) {
        let _ = (status, fields);
    }

    /// The trailers are withheld, or with [`WithheldReason::Unannounced`] some of them.
    fn withheld(&self, reason: WithheldReason) {
        let _ = reason;
    }

    /// The size of a piece of content, in bytes. With the chunked coding it is one chunk, over HTTP/2 and HTTP/3 one or more
    /// `DATA` frames.
    fn data(&self, bytes: usize) {
        let _ = bytes;
    }

    /// The trailer section.
    fn trailers(&self, trailers: &HeaderMap) {
        let _ = trailers;
    }

    /// The response has ended.
    fn ended(&self, outcome: Outcome) {
        let _ = outcome;
    }
}

/// How a response ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The connection has accepted all of it. The last bytes may still be in buffers.
    Complete,
    /// The same, and its trailers report a failure.
    FailureReported,
    /// The server has cut the transfer: the body failed, the client was too slow, or the server ended.
    Cut,
    /// The client has left.
    ClientGone,
}

impl ResponseObserver {
    /// Reports to `observer`.
    pub fn new(observer: impl Observe) -> Self {
        Self(Arc::new(observer))
    }

    /// The observer, for servers.
    #[must_use]
    pub fn observer(&self) -> &dyn Observe {
        &*self.0
    }
}

impl fmt::Debug for ResponseObserver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseObserver").finish_non_exhaustive()
    }
}

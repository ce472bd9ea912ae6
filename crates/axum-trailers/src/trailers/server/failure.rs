use crate::trailers::Declared;
use http::HeaderMap;
use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, Ordering::Relaxed},
};

/// Whether the trailers of a response report a failure, and which of them do: what
/// [`Sender::fail_with_trailers`](crate::body::Sender::fail_with_trailers) was given.
///
/// It is in the extensions of a response whose body a [`channel`](crate::body::channel) made. Once the data has ended, layers
/// and the server look at it: such a body is well-formed, but is not the whole content, and must not get a digest, for example.
/// A server that can't send the fields that report the failure breaks the transfer off. If no server
/// [watches](Self::watch) the mark, the body does so itself: it ends in an error.
#[derive(Clone, Debug, Default)]
pub struct FailureMark(Arc<Mark>);

#[derive(Debug, Default)]
struct Mark {
    fields: OnceLock<Declared>,
    is_watched: AtomicBool,
}

impl FailureMark {
    /// The body fails, and these fields say so.
    pub(crate) fn set(&self, fields: Declared) {
        // The sender that sets it is gone then, so it is set once.
        let _first = self.0.fields.set(fields);
    }

    /// Whether the body has ended with a failure in its trailers.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.0.fields.get().is_some()
    }

    /// Marks the failure as one that the server handles: it looks at the mark once the data has ended. To be called before the
    /// body is polled.
    pub fn watch(&self) {
        self.0.is_watched.store(true, Relaxed);
    }

    pub(crate) fn is_watched(&self) -> bool {
        self.0.is_watched.load(Relaxed)
    }

    /// Whether a trailer section has all the fields that report the failure. It has if there is no failure.
    #[must_use]
    pub fn is_reported_in(&self, section: &HeaderMap) -> bool {
        self.0.fields.get().is_none_or(|fields| fields.are_all_in(section))
    }
}

/// Reads a response as a server does that looks whether its trailers report a failure.
#[cfg(test)]
pub(crate) fn read_as_server<B>(response: http::Response<B>) -> axum_trailers_testing::Read
where
    B: http_body::Body<Data = bytes::Bytes>,
    B::Error: Into<axum_core::BoxError>,
{
    response.extensions().get().iter().for_each(|mark: &&FailureMark| mark.watch());
    axum_trailers_testing::read_by_contract(response.into_body())
}

use crate::trailers::Declared;
use http::HeaderMap;
use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, Ordering::Relaxed},
};

/// Whether the trailers of a response report a failure, and which fields report it: those passed to
/// [`Sender::fail_with_trailers`](crate::body::Sender::fail_with_trailers).
///
/// It is in the extensions of a response whose body comes from a [`channel`](crate::body::channel). Layers and the
/// server check it at the end of the data: such a body is well-formed but incomplete, so it gets no digest, for
/// example. A server that can't send the fields that report the failure cuts the transfer. If no server
/// [watches](Self::watch) the mark, the body ends in an error instead.
#[derive(Clone, Debug, Default)]
pub struct FailureMark(Arc<Mark>);

#[derive(Debug, Default)]
struct Mark {
    fields: OnceLock<Declared>,
    is_watched: AtomicBool,
}

impl FailureMark {
    /// Marks the body as failed; these fields report it.
    pub(crate) fn set(&self, fields: Declared) {
        // Only a sender sets it, and setting it consumes the sender, so it is set once.
        let _first = self.0.fields.set(fields);
    }

    /// Whether the body has ended with a failure in its trailers.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.0.fields.get().is_some()
    }

    /// Marks the failure as handled by the server, which checks the mark at the end of the data. Call it before the body
    /// is polled.
    pub fn watch(&self) {
        self.0.is_watched.store(true, Relaxed);
    }

    pub(crate) fn is_watched(&self) -> bool {
        self.0.is_watched.load(Relaxed)
    }

    /// Whether a trailer section contains all fields that report the failure. True if there is no failure.
    #[must_use]
    pub fn is_reported_in(&self, section: &HeaderMap) -> bool {
        self.0.fields.get().is_none_or(|fields| fields.are_all_in(section))
    }
}

/// Reads a response like a server that checks for a failure in the trailers.
#[cfg(test)]
pub(crate) fn read_as_server<B>(response: http::Response<B>) -> axum_trailers_testing::Read
where
    B: http_body::Body<Data = bytes::Bytes>,
    B::Error: Into<axum_core::BoxError>,
{
    response.extensions().get().iter().for_each(|mark: &&FailureMark| mark.watch());
    axum_trailers_testing::read_by_contract(response.into_body())
}

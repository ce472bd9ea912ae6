use crate::trailers::{TrailerError, Trailers};
use axum::BoxError;
use http::HeaderName;
use std::convert::Infallible;

/// Why a body could not be ended with trailers. It ends as failed instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FinishError {
    /// The trailers have a field that may not be one.
    #[error(transparent)]
    Refused(#[from] TrailerError),
    /// The trailers have a field that was not announced.
    #[error("`{name}` was not declared: name it in the channel's `Declared`")]
    Undeclared {
        /// The field.
        name: HeaderName,
    },
    /// The trailers lack a field that was announced.
    #[error("`{name}` was declared and is missing: what is announced must be sent")]
    Missing {
        /// The field.
        name: HeaderName,
    },
    /// The trailers that are to say that the body failed say nothing.
    #[error("without a trailer field nothing says that the body failed")]
    SaysNothing,
    /// The reader is gone: the client left, or the response was dropped.
    #[error("the reader is gone: nobody takes this body any more")]
    ReaderGone,
}

impl From<Infallible> for FinishError {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// The error in which a body ends that its producer did not end well.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProducerError {
    /// The [`Sender`](super::Sender) was dropped without `finish`.
    #[error("the producer is gone before it finished: it returned early, panicked or was cancelled")]
    Gone,
    /// The producer said why, with [`fail`](super::Sender::fail).
    #[error("the producer failed")]
    Failed(#[source] BoxError),
    /// The producer said why in these trailers, with [`fail_with_trailers`](super::Sender::fail_with_trailers), and no server
    /// looks after the response for which they were meant.
    #[error("the producer failed, and said so in trailers")]
    FailedWithTrailers(Trailers),
    /// The producer's trailers were refused.
    #[error("the producer's trailers were refused")]
    Refused(#[source] FinishError),
}

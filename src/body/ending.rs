use crate::trailers::TrailerError;
use axum::BoxError;
use http::{HeaderMap, HeaderName};
use std::{
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

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
    /// The producer's trailers were refused.
    #[error("the producer's trailers were refused")]
    Refused(#[source] FinishError),
}

/// Where the sender leaves how the body ends. It is filled before the queue's sender is dropped, so a reader that sees
/// the end of the queue sees what ended it.
#[derive(Clone, Debug, Default)]
pub(super) struct Ending(Arc<Mutex<State>>);

#[derive(Debug, Default)]
pub(super) enum State {
    #[default]
    Open,
    Finished(HeaderMap),
    Failed(ProducerError),
}

impl Ending {
    pub(super) fn store(&self, state: State) {
        *self.lock() = state;
    }

    /// Why the body failed, where its trailers are not here.
    pub(super) fn failure(&self) -> Option<ProducerError> {
        let mut state = self.lock();
        match std::mem::take(&mut *state) {
            State::Open => Some(ProducerError::Gone),
            State::Failed(error) => Some(error),
            State::Finished(trailers) => {
                *state = State::Finished(trailers);
                None
            }
        }
    }

    pub(super) fn take_trailers(&self) -> Option<HeaderMap> {
        match std::mem::take(&mut *self.lock()) {
            State::Finished(trailers) => Some(trailers),
            State::Open | State::Failed(_) => None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

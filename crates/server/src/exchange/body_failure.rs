//! Why a response's body failed, as the log and the metrics have it, and as hyper is told.

use super::{ending::Failure, request_fault::RequestFault, section_limit::SectionTooLarge};
use axum::BoxError;
use axum_trailers::{body::ProducerError, trailers::Trailers};
use std::{error::Error, io};

/// The body was not as long as its `Content-Length` promised.
#[derive(Debug, thiserror::Error)]
#[error("the body has {sent} bytes, `Content-Length` promised {promised}")]
pub(super) struct LengthBroken {
    pub(super) sent: u64,
    pub(super) promised: u64,
}

/// The trailers that say that the response failed don't reach the client. Without them it would look whole.
#[derive(Debug, thiserror::Error)]
#[error("the trailers that say that it failed can't be sent")]
pub(super) struct FailureUntold;

/// What hyper is told of a failure. It is without a source: hyper would take the code for the reset from an
/// `h2::Error` among the sources, and a `NO_ERROR` of somebody else's stream looks like success to clients.
#[derive(Debug, thiserror::Error)]
#[error("the response's body failed")]
pub(super) struct BodyFailed;

pub(super) fn failure(error: &BoxError) -> Failure {
    if error.is::<LengthBroken>() {
        Failure::Length
    } else if error.is::<FailureUntold>() {
        Failure::Unreportable
    } else if error.is::<SectionTooLarge>() {
        Failure::SectionTooLarge
    } else if let Some(fault) = error.downcast_ref() {
        match fault {
            RequestFault::TrailersTooLarge(_) | RequestFault::BadTrailers => Failure::RequestTrailers,
            RequestFault::Framing(_) => Failure::RequestFraming,
            RequestFault::Stalled(_) | RequestFault::TooSlow { .. } | RequestFault::AwaitsContinue => {
                Failure::SlowRequest
            }
        }
    } else {
        Failure::Body
    }
}

/// The trailers of a producer that has said in them that it failed, if they are what is behind an error.
pub(super) fn failure_in_trailers<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e Trailers> {
    // The source of an I/O error is not the error that it was made of, but that one's.
    let behind = |error: &'e (dyn Error + 'static)| match error.downcast_ref::<io::Error>() {
        Some(error) => error.get_ref().map(|error| error as &(dyn Error + 'static)),
        None => error.source(),
    };
    std::iter::successors(Some(error), |&error| behind(error)).find_map(|error| {
        match error.downcast_ref()? {
            ProducerError::FailedWithTrailers(trailers) => Some(trailers),
            _ => None,
        }
    })
}

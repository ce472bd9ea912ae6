//! Why a response's body failed, for the log and the metrics, and for hyper.

use super::{ending::Failure, request_fault::RequestFault, section_limit::SectionTooLarge};
use axum_trailers::{BoxError, body::ProducerError, trailers::Trailers};
use std::{error::Error, io};

/// The body's length differs from its `Content-Length`.
#[derive(Debug, thiserror::Error)]
#[error("the body has {sent} bytes, but `Content-Length` is {promised}")]
pub(super) struct LengthBroken {
    pub(super) sent: u64,
    pub(super) promised: u64,
}

/// The trailers that report the failure can't be sent to the client. Without them the response would look complete.
#[derive(Debug, thiserror::Error)]
#[error("the trailers that report the failure can't be sent")]
pub(super) struct FailureUnreportable;

/// The error that hyper gets. It has no source: hyper would take the reset code from an `h2::Error` among the sources,
/// and the `NO_ERROR` of an unrelated stream looks like success to clients.
#[derive(Debug, thiserror::Error)]
#[error("the response body failed")]
pub(super) struct BodyFailed;

pub(super) fn failure(error: &BoxError) -> Failure {
    if error.is::<LengthBroken>() {
        Failure::Length
    } else if error.is::<FailureUnreportable>() {
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

/// The trailers in which a producer has reported its failure, if they caused this error.
pub(super) fn failure_in_trailers<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e Trailers> {
    // The source of an `io::Error` is not the error that it wraps, but that error's source.
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

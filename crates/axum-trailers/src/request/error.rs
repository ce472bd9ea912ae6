use super::ContentDigestError;
use crate::{BoxError, compat::is_over_limit, problem::Problem, trailers::TrailersTooLarge};
use http::StatusCode;
use std::error::Error;

/// Why a request's body can't be read. As a response it is a problem document
/// ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)), so a handler can return it unchanged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RequestBodyError {
    /// The body ended early: the client left, sent malformed data, or sent nothing for too long. 400.
    #[error("the request body is incomplete")]
    Broken(#[source] BoxError),
    /// It is larger than the limit passed to `collect`. 413.
    #[error("the request body is larger than the limit of {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// It is larger than a limit around the handler, such as axum's `DefaultBodyLimit`. 413.
    #[error("the request body is too large")]
    OverLimit,
    /// Its trailer section is too large. 431.
    #[error(transparent)]
    Trailers(#[from] TrailersTooLarge),
    /// Its digest does not match or can't be checked. 400, with `Want-Content-Digest`.
    #[error(transparent)]
    Digest(#[from] ContentDigestError),
    /// The handler asked for the trailers before the end of the data. 500: a bug in the handler.
    #[error("the trailers are available only after the end of the body")]
    Unread,
}

impl RequestBodyError {
    /// Finds the cause in an error of a body: a layer may have wrapped the body, and with it the error.
    pub(super) fn of_body(error: BoxError) -> Self {
        let mut cause: Option<&(dyn Error + 'static)> = Some(&*error);
        while let Some(error) = cause {
            if let Some(digest) = error.downcast_ref::<ContentDigestError>() {
                return Self::Digest(digest.clone());
            }
            if is_over_limit(error) {
                return Self::OverLimit;
            }
            cause = error.source();
        }
        Self::Broken(error)
    }
}

impl From<RequestBodyError> for Problem {
    fn from(error: RequestBodyError) -> Self {
        let status = match &error {
            RequestBodyError::Digest(error) => return error.clone().into(),
            RequestBodyError::Broken(_) => StatusCode::BAD_REQUEST,
            RequestBodyError::TooLarge { .. } | RequestBodyError::OverLimit => StatusCode::PAYLOAD_TOO_LARGE,
            RequestBodyError::Trailers(_) => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            RequestBodyError::Unread => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self::new(status, error.to_string())
    }
}

use super::ContentDigestError;
use crate::{problem::Problem, trailers::TrailersTooLarge};
use axum_core::{
    BoxError,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use std::error::Error;

/// Why a request's body can't be had. As a response it is a problem document
/// ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)), so a handler may return it as it is.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RequestBodyError {
    /// It broke off: the client left, sent what is no message, or nothing for too long. 400.
    #[error("the request's body broke off before its end")]
    Broken(#[source] BoxError),
    /// It is larger than what is collected. 413.
    #[error("the request's body is larger than the {limit} bytes that are taken")]
    TooLarge {
        /// How many bytes are taken.
        limit: usize,
    },
    /// It is larger than a limit set around the handler, like axum's
    /// [`DefaultBodyLimit`](axum_core::extract::DefaultBodyLimit). 413.
    #[error("the request's body is larger than what is taken")]
    OverLimit,
    /// Its trailer section is too large. 431.
    #[error(transparent)]
    Trailers(#[from] TrailersTooLarge),
    /// It is not what its digest says. 400, with `Want-Content-Digest`.
    #[error(transparent)]
    Digest(#[from] ContentDigestError),
    /// The trailers were asked for before the end of the data. 500: the handler is at fault.
    #[error("the trailers were asked for before the body was read to its end")]
    Unread,
}

impl RequestBodyError {
    /// What an error of a body says: the body may have been wrapped by a layer, and the error with it.
    pub(super) fn of_body(error: BoxError) -> Self {
        let mut cause: Option<&(dyn Error + 'static)> = Some(&*error);
        while let Some(error) = cause {
            if let Some(digest) = error.downcast_ref::<ContentDigestError>() {
                return Self::Digest(digest.clone());
            }
            if error.is::<http_body::LengthLimitError>() {
                return Self::OverLimit;
            }
            cause = error.source();
        }
        Self::Broken(error)
    }
}

impl IntoResponse for RequestBodyError {
    fn into_response(self) -> Response {
        let status = match &self {
            Self::Digest(error) => return error.clone().into_response(),
            Self::Broken(_) => StatusCode::BAD_REQUEST,
            Self::TooLarge { .. } | Self::OverLimit => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Trailers(_) => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::Unread => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Problem::new(status, self.to_string()).into_response()
    }
}

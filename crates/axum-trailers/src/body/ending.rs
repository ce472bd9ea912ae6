use super::SendError;
use crate::{
    BoxError,
    trailers::{TrailerError, Trailers},
};
use http::HeaderName;

/// Why a body could not end with trailers. It ends in an error instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FinishError {
    /// The trailers contain a forbidden field or a malformed one.
    #[error(transparent)]
    Refused(#[from] TrailerError),
    /// The trailers contain a field that was not announced.
    #[error("`{name}` was not declared: add it to the names that the body declares")]
    Undeclared {
        /// The field's name.
        name: HeaderName,
    },
    /// An announced field is missing in the trailers.
    #[error("`{name}` was declared but is missing: send it, or declare it as optional")]
    Missing {
        /// The field's name.
        name: HeaderName,
    },
    /// The trailers of a success contain a field that only reports a failure.
    #[error("`{name}` is declared as a field of failures: pass it to `fail_with_trailers`")]
    ReportsFailure {
        /// The field's name.
        name: HeaderName,
    },
    /// The trailers that should report the failure are empty.
    #[error("at least one trailer field must report the failure")]
    SaysNothing,
    /// The reader is gone: the client left, or the response was dropped.
    #[error("the reader has dropped this body")]
    ReaderGone,
    /// The body of [`produce`](super::produce()) has already failed: its producer returned an error or panicked, and the
    /// sender was elsewhere.
    #[error("the body has already failed")]
    AlreadyFailed,
}

impl From<SendError> for FinishError {
    fn from(_gone: SendError) -> Self {
        Self::ReaderGone
    }
}

/// The error that ends a body whose producer did not finish successfully.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProducerError {
    /// The [`Sender`](super::Sender) was dropped without `finish`.
    #[error("the producer stopped before it finished: it returned early, panicked or was cancelled")]
    Gone,
    /// The producer reported an error with [`fail`](super::Sender::fail), or returned it to
    /// [`produce`](super::produce()).
    #[error("the producer failed")]
    Failed(#[source] BoxError),
    /// The producer reported a failure in these trailers with
    /// [`fail_with_trailers`](super::Sender::fail_with_trailers), but the server is not axum-trailers-server, or a
    /// layer has built another response around the body.
    ///
    /// A server that can send them ([RFC 9110 §6.5](https://www.rfc-editor.org/rfc/rfc9110#section-6.5)) finds them
    /// among the sources of the body's error:
    ///
    /// ```
    /// use axum_trailers::{body::{self, ProducerError}, trailers::{Declared, Trailers}};
    /// use http_body_util::BodyExt;
    /// use std::error::Error;
    ///
    /// # tokio_test(async {
    /// let (sender, mut body) = body::channel(1024, Declared::new(["grpc-status"])?);
    /// let mut trailers = Trailers::new();
    /// trailers.insert("grpc-status", 13)?;
    /// sender.fail_with_trailers(trailers)?;
    ///
    /// let error = body.frame().await.unwrap().unwrap_err();
    /// let Some(ProducerError::FailedWithTrailers(trailers)) = error.downcast_ref() else { panic!("{error}") };
    /// assert_eq!(trailers.as_map()["grpc-status"], "13");
    /// # Ok::<_, Box<dyn Error>>(())
    /// # });
    /// # fn tokio_test<T>(test: impl Future<Output = Result<T, Box<dyn Error>>>) {
    /// #     tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(test).unwrap();
    /// # }
    /// ```
    #[error("the producer failed and reported it in trailers")]
    FailedWithTrailers(Trailers),
    /// The producer's trailers were refused.
    #[error("the producer's trailers were rejected")]
    Refused(#[source] FinishError),
}

use crate::{
    exchange::{Error, OutgoingBody},
    verdict::Cut,
};
use http::Request;
use hyper::client::conn::TrySendError;

/// Why a request has no response.
pub(crate) enum SendError {
    /// The connection is closed or about to be, and nothing was sent.
    Unsent(Box<Request<OutgoingBody>>),
    /// The server may have processed it, unless the error says otherwise.
    Failed(Error),
}

impl From<TrySendError<Request<OutgoingBody>>> for SendError {
    fn from(mut error: TrySendError<Request<OutgoingBody>>) -> Self {
        match error.take_message() {
            Some(request) => Self::Unsent(Box::new(request)),
            None => Self::Failed(Error::NoResponse(Cut::of_connection(error.error()))),
        }
    }
}

use crate::connection::FramingError;
use axum_trailers::trailers::TrailersTooLarge;
use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

/// A fault in a request's content, to which the server responds instead of the handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RequestFault {
    #[error(transparent)]
    TrailersTooLarge(#[from] TrailersTooLarge),
    #[error(
        "a trailer field of the request is malformed: its name is not a token, or its value begins or ends with a \
         space or a tab"
    )]
    BadTrailers,
    #[error("the request content is malformed: {0}")]
    Framing(FramingError),
    #[error("no request content arrived for {} s", .0.as_secs_f64())]
    Stalled(Duration),
    #[error("this server can't send 100 (Continue) over HTTP/2: send the content without `Expect`")]
    AwaitsContinue,
    #[error(
        "the request content arrived too slowly: less than {rate} bytes per second over {} s",
        over.as_secs_f64()
    )]
    TooSlow { rate: u32, over: Duration },
}

/// The fault in a request's content, once it is detected. The handler only gets a broken body; the server decides on
/// the response. A request without a body has no fault.
#[derive(Clone, Debug, Default)]
pub(crate) struct FaultCell(Option<Arc<OnceLock<RequestFault>>>);

impl FaultCell {
    /// For a request with a body.
    pub(crate) fn empty() -> Self {
        Self(Some(Arc::default()))
    }

    pub(crate) fn set(&self, fault: RequestFault) {
        if let Some(cell) = &self.0 {
            // Each request has one pump, so this is the first fault.
            let _first = cell.set(fault);
        }
    }

    pub(crate) fn get(&self) -> Option<RequestFault> {
        self.0.as_ref()?.get().copied()
    }
}

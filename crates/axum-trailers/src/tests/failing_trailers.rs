use crate::compat::{SplitBody, sealed::Sealed};
use bytes::Bytes;
use http::HeaderMap;
use http_body::SizeHint;
use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

/// A body with this data whose trailers fail. Panics if it is polled after that.
///
/// No body of `http-body` 1 is one: its errors do not tell data from trailers.
pub(crate) struct FailingTrailers {
    data: Option<&'static str>,
    failed: bool,
}

impl FailingTrailers {
    pub(crate) fn after(data: &'static str) -> Self {
        Self { data: Some(data), failed: false }
    }
}

impl Sealed for FailingTrailers {}

impl SplitBody for FailingTrailers {
    type Error = io::Error;

    fn poll_data(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        assert!(!self.failed, "polled after its error");
        Poll::Ready(self.data.take().map(|data| Ok(Bytes::from(data))))
    }

    fn poll_trailers(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<Option<HeaderMap>>> {
        assert!(!self.failed, "polled after its error");
        self.failed = true;
        Poll::Ready(Err(io::Error::other("scripted")))
    }

    fn is_end_stream(&self) -> bool {
        self.failed
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

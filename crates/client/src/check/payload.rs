use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame};
use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::time::{Sleep, sleep};

/// The body of a probe.
#[derive(Debug, Default)]
pub(super) struct Payload {
    content: Option<Bytes>,
    end: End,
}

#[derive(Debug, Default)]
enum End {
    #[default]
    Complete,
    Trailers(HeaderMap),
    /// The client gives up after this pause, in which the content is sent.
    Aborted(Pin<Box<Sleep>>),
}

/// The error of a body that ends early.
#[derive(Debug, thiserror::Error)]
#[error("the check aborts its upload")]
pub(super) struct Aborted;

/// Long enough for a proxy to pass the content on.
const PAUSE: Duration = Duration::from_millis(200);

impl Payload {
    pub(super) fn content(content: impl Into<Bytes>) -> Self {
        Self { content: Some(content.into()), end: End::Complete }
    }

    pub(super) fn with_trailers(mut self, trailers: HeaderMap) -> Self {
        self.end = End::Trailers(trailers);
        self
    }

    pub(super) fn aborted(mut self) -> Self {
        self.end = End::Aborted(Box::pin(sleep(PAUSE)));
        self
    }
}

impl Body for Payload {
    type Data = Bytes;
    type Error = Aborted;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Aborted>>> {
        if let Some(content) = self.content.take() {
            return Poll::Ready(Some(Ok(Frame::data(content))));
        }
        if let End::Aborted(pause) = &mut self.end {
            ready!(pause.as_mut().poll(cx));
        }
        Poll::Ready(match std::mem::take(&mut self.end) {
            End::Complete => None,
            End::Trailers(trailers) => Some(Ok(Frame::trailers(trailers))),
            End::Aborted(_) => Some(Err(Aborted)),
        })
    }

    fn is_end_stream(&self) -> bool {
        self.content.is_none() && matches!(self.end, End::Complete)
    }
}

use crate::verdict::Cut;
use bytes::Bytes;
use http::{Response, Version};
use http_body::{Body, Frame, SizeHint};
use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

/// The content and trailers of a response, as its connection delivers them. Each way to end early is an error.
pub(crate) struct Incoming {
    source: hyper::body::Incoming,
    is_http2: bool,
    received: u64,
}

impl Incoming {
    /// Those of a response that hyper has received.
    pub(crate) fn of_hyper(response: Response<hyper::body::Incoming>) -> Response<Self> {
        let is_http2 = response.version() == Version::HTTP_2;
        response.map(|source| Self { source, is_http2, received: 0 })
    }

    /// The content that has arrived, in bytes.
    pub(super) fn received(&self) -> u64 {
        self.received
    }

    /// Whether the end is known already, if it costs nothing to know that: h2 has to lock for an answer.
    pub(super) fn has_ended(&self) -> bool {
        !self.is_http2 && self.is_end_stream()
    }

    /// Content that is short of its length is malformed for h2. It has not passed on what is more than that.
    fn cut(&self, error: &hyper::Error) -> Cut {
        let cut = Cut::of_connection(error);
        let may_be_short = cut == Cut::Closed || Cut::is_rule_of_stream(error);
        match self.source.size_hint().exact() {
            Some(rest) if rest > 0 && may_be_short => {
                Cut::Short { expected: self.received + rest, received: self.received }
            }
            _ => cut,
        }
    }
}

impl Body for Incoming {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        Poll::Ready(match ready!(Pin::new(&mut self.source).poll_frame(cx)) {
            Some(Ok(frame)) => {
                self.received += frame.data_ref().map_or(0, |data| data.len() as u64);
                Some(Ok(frame))
            }
            Some(Err(error)) => Some(Err(self.cut(&error))),
            // hyper takes a reset with `NO_ERROR` for the end.
            None if self.is_http2 && !self.source.is_end_stream() => {
                Some(Err(Cut::Reset { code: u32::from(h2::Reason::NO_ERROR).into() }))
            }
            None => None,
        })
    }

    fn is_end_stream(&self) -> bool {
        self.source.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.source.size_hint()
    }
}

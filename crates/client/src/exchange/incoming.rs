#[cfg(feature = "http3")]
use super::exchange::Exchange;
use crate::verdict::{Cut, ErrorCode};
use bytes::Bytes;
use http::{Response, Version};
use http_body::{Body, Frame, SizeHint};
use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

/// The content and trailers of a response, as its connection delivers them. Each way to end early is an error.
pub(crate) struct Incoming {
    source: Source,
    received: u64,
}

enum Source {
    Hyper {
        incoming: hyper::body::Incoming,
        is_http2: bool,
    },
    #[cfg(feature = "http3")]
    Http3 {
        /// It is large.
        content: Box<axum_trailers_quic::Content>,
        /// In bytes, if it is known.
        length: Option<u64>,
        exchange: Exchange,
    },
}

impl Incoming {
    /// Those of a response that hyper has received.
    pub(crate) fn of_hyper(response: Response<hyper::body::Incoming>) -> Response<Self> {
        let is_http2 = response.version() == Version::HTTP_2;
        response.map(|incoming| Self { source: Source::Hyper { incoming, is_http2 }, received: 0 })
    }

    /// Those of a response over HTTP/3, with content of this length. They also end if the request body fails.
    #[cfg(feature = "http3")]
    pub(crate) fn of_http3(
        content: axum_trailers_quic::Content,
        length: Option<u64>,
        exchange: Exchange,
    ) -> Self {
        Self { source: Source::Http3 { content: Box::new(content), length, exchange }, received: 0 }
    }

    /// The content that has arrived, in bytes.
    pub(super) fn received(&self) -> u64 {
        self.received
    }

    /// Whether the end is known already, if it costs nothing to know that: h2 has to lock for an answer.
    pub(super) fn has_ended(&self) -> bool {
        !matches!(self.source, Source::Hyper { is_http2: true, .. }) && self.is_end_stream()
    }
}

impl Body for Incoming {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        let received = self.received;
        let frame = match &mut self.source {
            Source::Hyper { incoming, is_http2 } => match ready!(Pin::new(&mut *incoming).poll_frame(cx)) {
                Some(Err(error)) => {
                    let cut = Cut::of_connection(&error);
                    // Content that is short of its length is malformed for h2. It has not passed on what is more than that.
                    let may_be_short = cut == Cut::Closed || Cut::is_rule_of_stream(&error);
                    let expected = incoming.size_hint().exact().map(|rest| received + rest);
                    Some(Err(if may_be_short { short_or(cut, expected, received) } else { cut }))
                }
                // hyper takes a reset with `NO_ERROR` for the end.
                None if *is_http2 && !incoming.is_end_stream() => {
                    Some(Err(Cut::Reset { code: ErrorCode::Http2(h2::Reason::NO_ERROR.into()) }))
                }
                Some(Ok(frame)) => Some(Ok(frame)),
                None => None,
            },
            #[cfg(feature = "http3")]
            Source::Http3 { content, length, exchange } => match Pin::new(&mut **content).poll_frame(cx) {
                Poll::Ready(Some(Err(error))) => Some(Err(match Cut::of_http3(&error) {
                    Cut::Closed => short_or(Cut::Closed, *length, received),
                    cut => cut,
                })),
                Poll::Ready(Some(Ok(frame))) => Some(Ok(frame)),
                Poll::Ready(None) => None,
                Poll::Pending => {
                    ready!(exchange.poll_failed(cx));
                    // The body of the response names the failure.
                    Some(Err(Cut::Closed))
                }
            },
        };
        if let Some(Ok(frame)) = &frame {
            self.received += frame.data_ref().map_or(0, |data| data.len() as u64);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        match &self.source {
            Source::Hyper { incoming, .. } => incoming.is_end_stream(),
            #[cfg(feature = "http3")]
            Source::Http3 { content, .. } => content.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Hyper { incoming, .. } => incoming.size_hint(),
            #[cfg(feature = "http3")]
            Source::Http3 { content, .. } => content.size_hint(),
        }
    }
}

/// A cut that leaves content of known length incomplete is reported as such.
fn short_or(cut: Cut, expected: Option<u64>, received: u64) -> Cut {
    match expected {
        Some(expected) if expected > received => Cut::Short { expected, received },
        _ => cut,
    }
}

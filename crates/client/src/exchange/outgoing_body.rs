use super::exchange::{Exchange, Next};
use crate::io::TrailerLines;
use axum_trailers::{BoxError, trailers::why_forbidden};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, header};
use http_body::{Body, Frame, SizeHint};
use http_body_util::combinators::UnsyncBoxBody;
use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

/// The body of a request on its way to the connection.
///
/// It waits for `100 Continue` if it must, ends early if the response has ended, and fails if it is not what the request's
/// header section announces: then the server must not take it for complete.
pub(crate) struct OutgoingBody {
    inner: UnsyncBoxBody<Bytes, BoxError>,
    exchange: Exchange,
    /// Not checked. They follow the trailers of `inner`.
    unchecked: HeaderMap,
    framing: Framing,
    is_over: bool,
}

/// How the end of the body is sent.
enum Framing {
    /// Only this number of bytes remains, and no trailers can follow.
    Length(u64),
    /// HTTP/1.1. The trailer section goes around hyper, which drops fields that the request does not announce.
    Chunked(TrailerLines),
    /// HTTP/2 and HTTP/3, where the number of bytes that remain is known or not.
    Stream(Option<u64>),
}

impl OutgoingBody {
    pub(crate) fn new(
        inner: UnsyncBoxBody<Bytes, BoxError>,
        exchange: Exchange,
        unchecked: HeaderMap,
    ) -> Self {
        Self { inner, exchange, unchecked, framing: Framing::Stream(None), is_over: false }
    }

    pub(crate) fn has_unchecked_trailers(&self) -> bool {
        !self.unchecked.is_empty()
    }

    pub(crate) fn delimit_by_length(&mut self, length: u64) {
        self.framing = Framing::Length(length);
    }

    pub(crate) fn delimit_by_chunks(&mut self, trailers: TrailerLines) {
        self.framing = Framing::Chunked(trailers);
    }

    pub(crate) fn delimit_by_stream(&mut self, length: Option<u64>) {
        self.framing = Framing::Stream(length);
    }

    /// Whether there is nothing to send.
    pub(crate) fn is_empty(&self) -> bool {
        self.inner.is_end_stream() && self.unchecked.is_empty()
    }

    /// The size of the content in bytes, if it is known.
    pub(crate) fn length(&self) -> Option<u64> {
        self.inner.size_hint().exact()
    }

    fn remaining(&mut self) -> Option<&mut u64> {
        match &mut self.framing {
            Framing::Length(remaining) | Framing::Stream(Some(remaining)) => Some(remaining),
            Framing::Chunked(_) | Framing::Stream(None) => None,
        }
    }

    fn take_data(&mut self, data: Bytes) -> Result<Option<Frame<Bytes>>, BoxError> {
        if let Some(remaining) = self.remaining() {
            *remaining = remaining
                .checked_sub(data.len() as u64)
                .ok_or("the request body is longer than its Content-Length")?;
        }
        self.exchange.add_content(data.len() as u64);
        Ok(Some(Frame::data(data)))
    }

    fn take_end(&mut self, trailers: Option<HeaderMap>) -> Result<Option<Frame<Bytes>>, BoxError> {
        if let Some(remaining) = self.remaining().filter(|remaining| **remaining > 0) {
            return Err(format!("the request body ends {remaining} bytes short of its Content-Length").into());
        }
        let mut trailers = trailers.unwrap_or_default();
        check_permitted(&trailers)?;
        for (name, value) in &self.unchecked {
            trailers.append(name, value.clone());
        }
        self.is_over = true;
        match &self.framing {
            Framing::Chunked(lines) => {
                lines.push(&trailers);
                Ok(None)
            }
            Framing::Length(_) | Framing::Stream(_) if trailers.is_empty() => Ok(None),
            Framing::Length(_) => {
                Err("over HTTP/1.1, a request with a Content-Length can't have trailers: announce them in `Trailer`"
                    .into())
            }
            Framing::Stream(_) => check_stream_permits(&trailers).map(|()| Some(Frame::trailers(trailers))),
        }
    }
}

/// Checks trailers that are not meant to be forbidden.
fn check_permitted(trailers: &HeaderMap) -> Result<(), BoxError> {
    let forbidden = trailers.keys().find_map(|name| why_forbidden(name).map(|reason| (name, reason)));
    match forbidden {
        Some((name, reason)) => Err(format!("`{name}` is forbidden in trailers: {reason}").into()),
        None => Ok(()),
    }
}

/// Checks for the fields that make a message of HTTP/2 or HTTP/3 malformed
/// ([RFC 9113 §8.2.2](https://www.rfc-editor.org/rfc/rfc9113#section-8.2.2),
/// [RFC 9114 §4.2](https://www.rfc-editor.org/rfc/rfc9114#section-4.2)). h2 does not send them.
fn check_stream_permits(trailers: &HeaderMap) -> Result<(), BoxError> {
    let is_of_connection = |name: &HeaderName| {
        [header::CONNECTION, header::TRANSFER_ENCODING, header::UPGRADE].contains(name)
            || ["keep-alive", "proxy-connection"].contains(&name.as_str())
    };
    let refused = trailers.iter().find(|(name, value)| {
        is_of_connection(name) || (*name == header::TE && value.as_bytes() != b"trailers")
    });
    match refused {
        Some((name, _)) => Err(format!("`{name}` can't be sent over HTTP/2 or HTTP/3; use HTTP/1.1").into()),
        None => Ok(()),
    }
}

/// The messages of an error and its sources.
fn describe(error: &BoxError) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        // Some errors repeat their source.
        let message = error.to_string();
        if !text.ends_with(&message) {
            text = format!("{text}: {message}");
        }
        source = error.source();
    }
    text
}

impl Body for OutgoingBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        if this.is_over {
            return Poll::Ready(None);
        }
        if let Next::Abandon = ready!(this.exchange.poll_next(cx)) {
            this.is_over = true;
            // hyper resets an HTTP/2 stream with the code in an error's sources.
            return Poll::Ready(Some(Err(h2::Error::from(h2::Reason::CANCEL).into())));
        }
        let taken = match Pin::new(&mut this.inner).poll_frame(cx) {
            Poll::Pending => {
                this.exchange.waits_for_source();
                return Poll::Pending;
            }
            Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                Ok(data) => this.take_data(data),
                Err(frame) => this.take_end(frame.into_trailers().ok()),
            },
            Poll::Ready(Some(Err(error))) => Err(error),
            Poll::Ready(None) => this.take_end(None),
        };
        this.exchange.progress();
        Poll::Ready(match taken {
            Ok(frame) => frame.map(Ok),
            Err(error) => {
                this.is_over = true;
                this.exchange.fail(describe(&error));
                Some(Err(error))
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        self.is_over
            || match self.framing {
                Framing::Chunked(_) => false,
                Framing::Length(remaining) => remaining == 0 && self.inner.is_end_stream(),
                Framing::Stream(remaining) => remaining.unwrap_or(0) == 0 && self.is_empty(),
            }
    }

    fn size_hint(&self) -> SizeHint {
        match self.framing {
            Framing::Chunked(_) | Framing::Stream(None) => SizeHint::default(),
            Framing::Length(remaining) | Framing::Stream(Some(remaining)) => SizeHint::with_exact(remaining),
        }
    }
}

impl Drop for OutgoingBody {
    fn drop(&mut self) {
        self.exchange.has_sent();
    }
}

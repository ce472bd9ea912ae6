use crate::{
    ReceiveError, check_fields,
    request::{RecvStream, Stream},
};
use bytes::{Buf, Bytes};
use h3::error::{Code, StreamError};
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

/// The content and trailers that a peer sends.
///
/// If it is dropped before its end, the peer is asked to stop: with `H3_NO_ERROR` by a server, and with
/// `H3_REQUEST_CANCELLED` by a client.
pub struct Content {
    side: Side,
    stream: Stream,
    /// As announced, in bytes.
    length: Option<u64>,
    received: u64,
    phase: Phase,
}

enum Side {
    Server(h3::server::RequestStream<RecvStream, Bytes>),
    Client(h3::client::RequestStream<RecvStream, Bytes>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Data,
    Trailers,
    Ended,
}

impl Content {
    /// The content of a request. `length` is its `Content-Length`, which is compared with what arrives
    /// ([RFC 9114 §4.1.2](https://www.rfc-editor.org/rfc/rfc9114#section-4.1.2)).
    #[must_use]
    pub fn of_request(
        request: h3::server::RequestStream<RecvStream, Bytes>,
        stream: &Stream,
        length: Option<u64>,
    ) -> Self {
        Self::new(Side::Server(request), stream, length)
    }

    /// The content of a response. `length` is its `Content-Length`, unless the response has no content by definition, such as
    /// that to `HEAD`.
    #[must_use]
    pub fn of_response(
        response: h3::client::RequestStream<RecvStream, Bytes>,
        stream: &Stream,
        length: Option<u64>,
    ) -> Self {
        Self::new(Side::Client(response), stream, length)
    }

    fn new(side: Side, stream: &Stream, length: Option<u64>) -> Self {
        Self { side, stream: stream.clone(), length, received: 0, phase: Phase::Data }
    }

    /// Asks the peer to stop with this code (`STOP_SENDING`), unless it has ended. Nothing more is received.
    pub fn stop(&mut self, code: Code) {
        if self.phase != Phase::Ended {
            self.phase = Phase::Ended;
            self.side.stop(code);
        }
    }

    fn poll_data(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, ReceiveError>> {
        let data = ready!(self.side.poll_data(cx)).map_err(|error| ReceiveError::of(error, &self.stream))?;
        self.received += data.as_ref().map_or(0, |data| data.len() as u64);
        let is_last = data.is_none();
        match self.length {
            Some(expected) if self.received > expected || (is_last && self.received < expected) => {
                Poll::Ready(Err(ReceiveError::Length { expected, received: self.received }))
            }
            _ => Poll::Ready(Ok(data)),
        }
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Frame<Bytes>>, ReceiveError>> {
        if self.phase == Phase::Data {
            match ready!(self.poll_data(cx))? {
                Some(data) => return Poll::Ready(Ok(Some(Frame::data(data)))),
                None => self.phase = Phase::Trailers,
            }
        }
        if self.phase == Phase::Ended {
            return Poll::Ready(Ok(None));
        }
        let trailers =
            ready!(self.side.poll_trailers(cx)).map_err(|error| ReceiveError::of(error, &self.stream))?;
        self.phase = Phase::Ended;
        if let Some(trailers) = &trailers {
            check_fields(trailers)?;
        }
        Poll::Ready(Ok(trailers.map(Frame::trailers)))
    }

    /// The code with which the peer is asked to stop because of an error, unless that was done.
    fn code(error: &ReceiveError) -> Option<Code> {
        match error {
            ReceiveError::SectionTooLarge { .. } => Some(Code::H3_EXCESSIVE_LOAD),
            ReceiveError::Length { .. } => Some(Code::H3_MESSAGE_ERROR),
            _ => None,
        }
    }
}

impl Body for Content {
    type Data = Bytes;
    type Error = ReceiveError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ReceiveError>>> {
        let next = ready!(self.poll_next(cx));
        if let Err(error) = &next {
            if let Some(code) = Self::code(error) {
                self.stop(code);
            }
            self.phase = Phase::Ended;
        }
        Poll::Ready(next.transpose())
    }

    fn is_end_stream(&self) -> bool {
        match self.phase {
            // A length that is missing something is an error, which must be read.
            Phase::Data => {
                self.stream.has_ended() && self.length.is_none_or(|length| length == self.received)
            }
            Phase::Trailers => false,
            Phase::Ended => true,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self.length {
            _ if self.is_end_stream() => SizeHint::with_exact(0),
            Some(length) => SizeHint::with_exact(length.saturating_sub(self.received)),
            None => SizeHint::default(),
        }
    }
}

impl Drop for Content {
    fn drop(&mut self) {
        if !self.is_end_stream() {
            let code = match self.side {
                Side::Server(_) => Code::H3_NO_ERROR,
                Side::Client(_) => Code::H3_REQUEST_CANCELLED,
            };
            self.stop(code);
        }
    }
}

impl Side {
    fn poll_data(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, StreamError>> {
        // h3 hides that these are `Bytes`, so this is no copy.
        fn whole(mut data: impl Buf) -> Bytes {
            data.copy_to_bytes(data.remaining())
        }
        Poll::Ready(match self {
            Self::Server(stream) => ready!(stream.poll_recv_data(cx)).map(|data| data.map(whole)),
            Self::Client(stream) => ready!(stream.poll_recv_data(cx)).map(|data| data.map(whole)),
        })
    }

    fn poll_trailers(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<HeaderMap>, StreamError>> {
        match self {
            Self::Server(stream) => stream.poll_recv_trailers(cx),
            Self::Client(stream) => stream.poll_recv_trailers(cx),
        }
    }

    fn stop(&mut self, code: Code) {
        match self {
            Self::Server(stream) => stream.stop_sending(code),
            Self::Client(stream) => stream.stop_sending(code),
        }
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { length, received, phase, .. } = self;
        f.debug_struct("Content")
            .field("length", length)
            .field("received", received)
            .field("phase", phase)
            .finish_non_exhaustive()
    }
}

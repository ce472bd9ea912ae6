//! Content and trailers, on both sides of the proxy.

use super::{http1, message::Broken, stream::Stream};
use bytes::Bytes;
use h2::{Reason, RecvStream, SendStream};
use http::HeaderMap;
use std::{collections::VecDeque, future::poll_fn, io, time::Duration};
use tokio::io::AsyncWriteExt;

/// A part of what follows a header section.
pub(in crate::support) enum Piece {
    Data(Bytes),
    Trailers(HeaderMap),
}

/// What follows the header section of a message that is received.
pub(super) enum Incoming {
    Empty,
    Http1(http1::Body),
    Http2(RecvStream),
    /// Was received before.
    Kept(Kept),
}

/// What was received of a message.
pub(super) type Kept = VecDeque<Result<Piece, Broken>>;

/// Removes the trailers of a message.
pub(super) fn take_trailers(pieces: &mut Kept) -> HeaderMap {
    match pieces.pop_back() {
        Some(Ok(Piece::Trailers(trailers))) => return trailers,
        Some(other) => pieces.push_back(other),
        None => {}
    }
    HeaderMap::new()
}

/// The number of bytes.
pub(super) fn length(pieces: &Kept) -> usize {
    pieces.iter().map(|piece| if let Ok(Piece::Data(data)) = piece { data.len() } else { 0 }).sum()
}

impl From<http1::Body> for Incoming {
    fn from(body: http1::Body) -> Self {
        Self::Http1(body)
    }
}

impl From<RecvStream> for Incoming {
    fn from(stream: RecvStream) -> Self {
        if stream.is_end_stream() { Self::Empty } else { Self::Http2(stream) }
    }
}

impl Incoming {
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Http1(body) => body.has_ended(),
            Self::Http2(_) | Self::Kept(_) => false,
        }
    }

    /// The next part, or `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Piece>, Broken> {
        match self {
            Self::Empty => Ok(None),
            Self::Http1(body) => body.next().await,
            Self::Http2(stream) => {
                let Some(data) = stream.data().await else {
                    let trailers = stream.trailers().await.map_err(|error| Broken::of_http2(&error))?;
                    return Ok(trailers.map(Piece::Trailers));
                };
                let data = data.map_err(|error| Broken::of_http2(&error))?;
                // The stream may be gone already.
                let _released = stream.flow_control().release_capacity(data.len());
                Ok(Some(Piece::Data(data)))
            }
            Self::Kept(pieces) => pieces.pop_front().transpose(),
        }
    }

    /// Receives all of it.
    pub(super) async fn keep(&mut self) -> Kept {
        let mut pieces = VecDeque::new();
        while let Some(piece) = self.next().await.transpose() {
            let is_broken = piece.is_err();
            pieces.push_back(piece);
            if is_broken {
                break;
            }
        }
        pieces
    }

    /// The rest of an HTTP/1.1 connection, if the message has ended.
    pub(super) fn into_rest(self) -> Option<http1::Reader> {
        match self {
            Self::Http1(body) => body.into_rest(),
            _ => None,
        }
    }
}

/// What follows the header section of a message that is sent.
pub(super) enum Outgoing {
    /// Nothing can follow.
    Empty(Option<Stream>),
    Http1(http1::Writer),
    Http2(SendStream<Bytes>),
}

impl Outgoing {
    pub(super) async fn send(&mut self, piece: Piece) -> io::Result<()> {
        match (self, piece) {
            (Self::Empty(_), _) => Ok(()),
            (Self::Http1(writer), Piece::Data(data)) => writer.data(&data).await,
            (Self::Http1(writer), Piece::Trailers(trailers)) => writer.end(&trailers).await,
            (Self::Http2(stream), Piece::Data(data)) => send_data(stream, data).await,
            (Self::Http2(stream), Piece::Trailers(trailers)) => {
                stream.send_trailers(trailers).map_err(io::Error::other)
            }
        }
    }

    /// Ends a message without trailers.
    pub(super) async fn end(&mut self) -> io::Result<()> {
        match self {
            Self::Empty(_) => Ok(()),
            Self::Http1(writer) => writer.end(&HeaderMap::new()).await,
            Self::Http2(stream) => stream.send_data(Bytes::new(), true).map_err(io::Error::other),
        }
    }

    /// Breaks the message off as the other side did.
    pub(super) async fn break_off(&mut self, broken: Broken) {
        let stream = match self {
            Self::Empty(None) => return,
            Self::Empty(Some(stream)) => stream,
            Self::Http1(writer) => writer.stream(),
            Self::Http2(stream) => {
                flushed().await;
                return stream.send_reset(Reason::INTERNAL_ERROR);
            }
        };
        if broken == Broken::Reset {
            stream.reset();
        } else {
            // The other side may be gone.
            let _shut = stream.shutdown().await;
        }
    }
}

/// Gives the task of an HTTP/2 connection time to send what waits, because a reset discards it. h2 reports no such event.
pub(super) async fn flushed() {
    tokio::time::sleep(Duration::from_millis(20)).await;
}

async fn send_data(stream: &mut SendStream<Bytes>, mut data: Bytes) -> io::Result<()> {
    while !data.is_empty() {
        stream.reserve_capacity(data.len());
        let capacity = poll_fn(|cx| stream.poll_capacity(cx)).await;
        let capacity = capacity.ok_or(io::ErrorKind::BrokenPipe)?.map_err(io::Error::other)?;
        let part = data.split_to(capacity.min(data.len()));
        stream.send_data(part, false).map_err(io::Error::other)?;
    }
    Ok(())
}

use crate::{Bounds, Streams, errors, request::BidiStream, uni::UniSendStream};
use bytes::Bytes;
use h3::{
    error::Code,
    quic::{OpenStreams, StreamErrorIncoming},
};
use quinn::{ConnectionError, RecvStream, SendStream};
use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

/// Opens streams of a [`Connection`](crate::Connection).
pub struct Opener {
    quic: quinn::Connection,
    streams: Streams,
    bounds: Bounds,
    /// `None` unless something is being opened.
    bidi: Option<Opening<(SendStream, RecvStream)>>,
    uni: Option<Opening<SendStream>>,
}

type Opening<T> = Pin<Box<dyn Future<Output = Result<T, ConnectionError>> + Send + Sync>>;

impl Opener {
    pub(crate) fn new(quic: quinn::Connection, streams: Streams, bounds: Bounds) -> Self {
        Self { quic, streams, bounds, bidi: None, uni: None }
    }
}

impl OpenStreams<Bytes> for Opener {
    type BidiStream = BidiStream;
    type SendStream = UniSendStream;

    fn poll_open_bidi(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Self::BidiStream, StreamErrorIncoming>> {
        let Self { quic, streams, bounds, bidi, .. } = self;
        let opening = bidi.get_or_insert_with(|| {
            let quic = quic.clone();
            Box::pin(async move { quic.open_bi().await })
        });
        let opened = ready!(opening.as_mut().poll(cx));
        *bidi = None;
        let (send, recv) = opened.map_err(errors::lost)?;
        Poll::Ready(Ok(BidiStream::new(send, recv, streams, *bounds)))
    }

    fn poll_open_send(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Self::SendStream, StreamErrorIncoming>> {
        let Self { quic, uni, .. } = self;
        let opening = uni.get_or_insert_with(|| {
            let quic = quic.clone();
            Box::pin(async move { quic.open_uni().await })
        });
        let opened = ready!(opening.as_mut().poll(cx));
        *uni = None;
        Poll::Ready(opened.map(UniSendStream::new).map_err(errors::lost))
    }

    fn close(&mut self, code: Code, reason: &[u8]) {
        self.quic.close(errors::code(code.value()), reason);
    }
}

impl Clone for Opener {
    fn clone(&self) -> Self {
        Self::new(self.quic.clone(), self.streams.clone(), self.bounds)
    }
}

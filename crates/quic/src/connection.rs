use crate::{
    Bounds, Streams, errors,
    opener::Opener,
    request::BidiStream,
    uni::{UniRecvStream, UniSendStream},
};
use bytes::Bytes;
use futures_util::stream::{self, Stream};
use h3::{
    error::Code,
    quic::{self, ConnectionErrorIncoming, StreamErrorIncoming},
};
use quinn::{ConnectionError, RecvStream, SendStream};
use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

/// A QUIC connection as h3 needs it, for a server or a client.
pub struct Connection {
    quic: quinn::Connection,
    streams: Streams,
    bounds: Bounds,
    opener: Opener,
    incoming_bidi: Incoming<(SendStream, RecvStream)>,
    incoming_uni: Incoming<RecvStream>,
}

/// A future of quinn, and the next one after it, in the same allocation.
type Incoming<T> = Pin<Box<dyn Stream<Item = Result<T, ConnectionError>> + Send + Sync>>;

impl Connection {
    /// The same rules hold on both sides: `quic.side()` tells which one this is.
    #[must_use]
    pub fn new(quic: quinn::Connection, bounds: Bounds) -> (Self, Streams) {
        let streams = Streams::new(quic.clone());
        let incoming_bidi =
            stream::unfold(quic.clone(), |quic| async { Some((quic.accept_bi().await, quic)) });
        let incoming_uni =
            stream::unfold(quic.clone(), |quic| async { Some((quic.accept_uni().await, quic)) });
        let connection = Self {
            opener: Opener::new(quic.clone(), streams.clone(), bounds),
            quic,
            streams: streams.clone(),
            bounds,
            incoming_bidi: Box::pin(incoming_bidi),
            incoming_uni: Box::pin(incoming_uni),
        };
        (connection, streams)
    }
}

/// quinn's futures never run out.
const ENDLESS: &str = "the stream never ends";

impl quic::Connection<Bytes> for Connection {
    type RecvStream = UniRecvStream;
    type OpenStreams = Opener;

    fn poll_accept_recv(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Self::RecvStream, ConnectionErrorIncoming>> {
        let accepted = ready!(self.incoming_uni.as_mut().poll_next(cx)).expect(ENDLESS);
        Poll::Ready(match accepted {
            Ok(stream) => Ok(UniRecvStream::new(stream, self.quic.clone(), self.bounds)),
            Err(error) => Err(errors::connection(error)),
        })
    }

    fn poll_accept_bidi(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Self::BidiStream, ConnectionErrorIncoming>> {
        loop {
            let accepted = ready!(self.incoming_bidi.as_mut().poll_next(cx)).expect(ENDLESS);
            let (mut send, mut recv) = match accepted {
                Ok(stream) => stream,
                Err(error) => return Poll::Ready(Err(errors::connection(error))),
            };
            if self.streams.rejects_new() {
                let code = errors::code(Code::H3_REQUEST_REJECTED.value());
                // Whatever the peer has done with it, it is rejected.
                let (_reset, _stopped) = (send.reset(code), recv.stop(code));
                continue;
            }
            return Poll::Ready(Ok(BidiStream::new(send, recv, &self.streams, self.bounds)));
        }
    }

    fn opener(&self) -> Self::OpenStreams {
        self.opener.clone()
    }
}

impl quic::OpenStreams<Bytes> for Connection {
    type BidiStream = BidiStream;
    type SendStream = UniSendStream;

    fn poll_open_bidi(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Self::BidiStream, StreamErrorIncoming>> {
        self.opener.poll_open_bidi(cx)
    }

    fn poll_open_send(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Self::SendStream, StreamErrorIncoming>> {
        self.opener.poll_open_send(cx)
    }

    fn close(&mut self, code: Code, reason: &[u8]) {
        self.quic.close(errors::code(code.value()), reason);
    }
}

use crate::{
    Bounds, Fault,
    chunks::Chunks,
    errors,
    frames::{Control, FrameReader, varint},
};
use bytes::{Bytes, BytesMut};
use h3::quic::{self, ConnectionErrorIncoming, StreamErrorIncoming, StreamId};
use std::{
    sync::Arc,
    task::{Context, Poll, ready},
};

/// The receiving side of a unidirectional stream. Of a control stream h3 gets only frames within the bounds.
pub struct UniRecvStream {
    chunks: Chunks,
    quic: quinn::Connection,
    limit: u64,
    reading: Reading,
    /// What is not passed on.
    chunk: Bytes,
}

enum Reading {
    /// The bytes of its type that are there ([RFC 9114 §6.2](https://www.rfc-editor.org/rfc/rfc9114#section-6.2)).
    Type(BytesMut),
    Control(FrameReader<Control>),
    Other,
    Broken(Fault),
}

const CONTROL: u64 = 0;
const PUSH: u64 = 1;

impl UniRecvStream {
    pub(crate) fn new(stream: quinn::RecvStream, quic: quinn::Connection, bounds: Bounds) -> Self {
        Self {
            chunks: Chunks::new(stream),
            quic,
            limit: bounds.other,
            reading: Reading::Type(BytesMut::new()),
            chunk: Bytes::new(),
        }
    }

    /// Returns what h3 gets of `chunk`, or `None` if it is used up.
    fn next(&mut self) -> Result<Option<Bytes>, Fault> {
        match &mut self.reading {
            Reading::Broken(fault) => Err(fault.clone()),
            _ if self.chunk.is_empty() => Ok(None),
            Reading::Control(frames) => frames.next(&mut self.chunk),
            Reading::Other => Ok(Some(std::mem::take(&mut self.chunk))),
            Reading::Type(bytes) => {
                bytes.extend_from_slice(&self.chunk);
                self.chunk.clear();
                let Some((kind, size)) = varint(bytes) else {
                    return Ok(None);
                };
                let mut bytes = std::mem::take(bytes).freeze();
                let own = bytes.split_to(size);
                self.chunk = bytes;
                self.reading = match kind {
                    // h3 would drop it.
                    PUSH => return Err(Fault::PushStream(self.quic.side())),
                    CONTROL => Reading::Control(FrameReader::new(Control::new(self.quic.side(), self.limit))),
                    _ => Reading::Other,
                };
                Ok(Some(own))
            }
        }
    }

    fn break_off(&mut self, fault: Fault) -> StreamErrorIncoming {
        self.chunk.clear();
        self.quic.close(errors::code(fault.code().value()), fault.to_string().as_bytes());
        self.reading = Reading::Broken(fault.clone());
        StreamErrorIncoming::ConnectionErrorIncoming {
            connection_error: ConnectionErrorIncoming::Undefined(Arc::new(fault)),
        }
    }
}

impl quic::RecvStream for UniRecvStream {
    type Buf = Bytes;

    fn poll_data(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, StreamErrorIncoming>> {
        loop {
            match self.next() {
                Err(fault) => return Poll::Ready(Err(self.break_off(fault))),
                Ok(Some(part)) => return Poll::Ready(Ok(Some(part))),
                Ok(None) => {}
            }
            match ready!(self.chunks.poll_next(cx)).map_err(errors::read)? {
                Some(chunk) => self.chunk = chunk,
                // h3 ends the connection if it is a stream that must not end.
                None => return Poll::Ready(Ok(None)),
            }
        }
    }

    fn stop_sending(&mut self, error_code: u64) {
        self.chunk.clear();
        self.chunks.stop(errors::code(error_code));
    }

    fn recv_id(&self) -> StreamId {
        StreamId::try_from(u64::from(self.chunks.id())).expect("quinn's ids have the same range")
    }
}

use super::super::Why;
use axum_trailers_testing::http3::{DATA, GOAWAY, HEADERS, SETTINGS, take_varint};
use bytes::{Buf, Bytes, BytesMut};
use quinn::{ReadError, RecvStream, VarInt};

/// `H3_REQUEST_REJECTED` ([RFC 9114 §8.1](https://www.rfc-editor.org/rfc/rfc9114#section-8.1)).
const REQUEST_REJECTED: u64 = 0x10b;
/// `H3_REQUEST_CANCELLED`.
pub(super) const REQUEST_CANCELLED: VarInt = VarInt::from_u32(0x10c);

/// The receiving side of a stream. Dropping it before its end stops the server.
pub(super) struct Frames {
    stream: RecvStream,
    received: BytesMut,
    /// How much of a DATA frame is still to come, in bytes.
    left: u64,
}

pub(super) enum Frame {
    /// A part of a DATA frame.
    Data(Bytes),
    Other {
        kind: u64,
        payload: Bytes,
    },
}

impl Frames {
    pub(super) fn new(stream: RecvStream) -> Self {
        Self { stream, received: BytesMut::new(), left: 0 }
    }

    /// The next frame of a known type. `None` is the end of the stream, which can't be inside a frame
    /// ([RFC 9114 §7.1](https://www.rfc-editor.org/rfc/rfc9114#section-7.1)).
    pub(super) async fn next(&mut self) -> Result<Option<Frame>, Why> {
        loop {
            if self.left > 0 {
                return self.data().await.map(Some);
            }
            if self.received.is_empty() && !self.receive().await? {
                return Ok(None);
            }
            let (kind, length) = (self.integer().await?, self.integer().await?);
            if kind == DATA {
                self.left = length;
                continue;
            }
            let length = usize::try_from(length).expect("a short frame");
            while self.received.len() < length {
                self.more().await?;
            }
            let payload = self.received.split_to(length).freeze();
            // Others have no meaning (RFC 9114 §9).
            if [HEADERS, SETTINGS, GOAWAY].contains(&kind) {
                return Ok(Some(Frame::Other { kind, payload }));
            }
        }
    }

    /// Drops everything to the end.
    pub(super) async fn rest(&mut self) -> Result<(), Why> {
        while self.receive().await? {
            self.received.clear();
        }
        Ok(())
    }

    async fn data(&mut self) -> Result<Frame, Why> {
        if self.received.is_empty() {
            self.more().await?;
        }
        let here =
            usize::try_from(self.left).map_or(self.received.len(), |left| left.min(self.received.len()));
        self.left -= here as u64;
        Ok(Frame::Data(self.received.split_to(here).freeze()))
    }

    pub(super) async fn integer(&mut self) -> Result<u64, Why> {
        loop {
            let mut rest = &self.received[..];
            if let Some(integer) = take_varint(&mut rest) {
                self.received.advance(self.received.len() - rest.len());
                return Ok(integer);
            }
            self.more().await?;
        }
    }

    async fn more(&mut self) -> Result<(), Why> {
        if self.receive().await? { Ok(()) } else { Err(Why::Short) }
    }

    /// Returns false at the end of the stream.
    async fn receive(&mut self) -> Result<bool, Why> {
        match self.stream.read_chunk(64 * 1024, true).await {
            Ok(Some(chunk)) => {
                self.received.extend_from_slice(&chunk.bytes);
                Ok(true)
            }
            Ok(None) => Ok(false),
            Err(ReadError::Reset(code)) if code.into_inner() == REQUEST_REJECTED => Err(Why::Refused),
            Err(ReadError::Reset(code)) => Err(Why::Reset(code.into_inner())),
            Err(ReadError::ConnectionLost(_)) => Err(Why::Closed),
            Err(error) => panic!("{error}"),
        }
    }
}

impl Drop for Frames {
    fn drop(&mut self) {
        // It may have ended.
        let _ended = self.stream.stop(REQUEST_CANCELLED);
    }
}

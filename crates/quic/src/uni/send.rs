use crate::{errors, outgoing::Outgoing};
use bytes::Bytes;
use h3::quic::{self, StreamErrorIncoming, StreamId, WriteBuf};
use std::task::{Context, Poll, ready};

/// The sending side of a unidirectional stream.
pub struct UniSendStream {
    stream: quinn::SendStream,
    outgoing: Outgoing,
}

impl UniSendStream {
    pub(crate) fn new(stream: quinn::SendStream) -> Self {
        Self { stream, outgoing: Outgoing::default() }
    }
}

impl quic::SendStream<Bytes> for UniSendStream {
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), StreamErrorIncoming>> {
        self.outgoing.poll_write(&mut self.stream, cx)
    }

    fn send_data<T: Into<WriteBuf<Bytes>>>(&mut self, data: T) -> Result<(), StreamErrorIncoming> {
        self.outgoing.start(data.into())
    }

    fn poll_finish(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), StreamErrorIncoming>> {
        ready!(self.poll_ready(cx))?;
        Poll::Ready(self.stream.finish().map_err(|error| StreamErrorIncoming::Unknown(Box::new(error))))
    }

    fn reset(&mut self, reset_code: u64) {
        // If it has ended, there is nothing to reset.
        let _reset = self.stream.reset(errors::code(reset_code));
    }

    fn send_id(&self) -> StreamId {
        StreamId::try_from(u64::from(self.stream.id())).expect("quinn's ids have the same range")
    }
}

use super::State;
use crate::{outgoing::Outgoing, turn::Turn};
use bytes::Bytes;
use h3::{
    error::Code,
    quic::{self, StreamErrorIncoming, StreamId, WriteBuf},
};
use quinn::Side;
use std::{
    sync::Arc,
    task::{Context, Poll, ready},
};

/// The sending side of a request stream. If it is dropped unfinished, the stream is reset, with the code of the peer's fault if
/// there is one, else with `H3_INTERNAL_ERROR` by a server and `H3_REQUEST_CANCELLED` by a client. quinn would end it as if it
/// were complete.
pub struct SendStream {
    state: Arc<State>,
    outgoing: Outgoing,
    turn: Turn,
    progress: Progress,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    /// Before the first frame.
    New,
    Begun,
    /// Finished or reset.
    Ended,
}

impl SendStream {
    pub(super) fn new(state: Arc<State>) -> Self {
        Self { state, outgoing: Outgoing::default(), turn: Turn::default(), progress: Progress::New }
    }

    /// Writes until everything is in quinn's buffer.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), StreamErrorIncoming>> {
        let turns = self.state.turns();
        if self.turn.defers(turns) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let before = self.outgoing.remaining();
        let written = self.outgoing.poll_write(&mut self.state.sending(), cx);
        let has_written = self.outgoing.remaining() < before;
        if self.turn.note(turns, has_written, written.is_pending()) {
            self.state.note_passed_over();
        }
        written
    }

    fn code_if_dropped(&self) -> Code {
        match (self.state.fault(), self.state.side()) {
            (Some(fault), _) => fault.code(),
            // Its request is not whole, or h3 would have responded.
            (None, Side::Server) if self.state.finishes_if_dropped() && self.progress == Progress::New => {
                Code::H3_REQUEST_INCOMPLETE
            }
            (None, Side::Server) => Code::H3_INTERNAL_ERROR,
            (None, Side::Client) => Code::H3_REQUEST_CANCELLED,
        }
    }
}

impl quic::SendStream<Bytes> for SendStream {
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), StreamErrorIncoming>> {
        self.poll_write(cx)
    }

    fn send_data<T: Into<WriteBuf<Bytes>>>(&mut self, data: T) -> Result<(), StreamErrorIncoming> {
        self.progress = Progress::Begun;
        self.outgoing.start(data.into())
    }

    fn poll_finish(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), StreamErrorIncoming>> {
        ready!(self.poll_write(cx))?;
        self.progress = Progress::Ended;
        Poll::Ready(
            self.state.sending().finish().map_err(|error| StreamErrorIncoming::Unknown(Box::new(error))),
        )
    }

    fn reset(&mut self, reset_code: u64) {
        self.progress = Progress::Ended;
        self.state.reset(reset_code);
    }

    fn send_id(&self) -> StreamId {
        self.state.id()
    }
}

impl Drop for SendStream {
    fn drop(&mut self) {
        self.turn.note(self.state.turns(), false, false);
        let is_whole =
            self.state.finishes_if_dropped() && self.outgoing.is_empty() && self.state.fault().is_none();
        match self.progress {
            Progress::Ended => {}
            Progress::Begun if is_whole => {
                // If the peer has stopped it, it has ended.
                let _finished = self.state.sending().finish();
            }
            Progress::New | Progress::Begun => self.state.reset(self.code_if_dropped().value()),
        }
    }
}

//! What a handler has asked the connection to do to a response of its own.

use super::{
    closing::Closing, frames::DATA, frames::FrameHeads, guard::Guard, http2_frames::Http2Frames,
    transport::Transport,
};
use crate::connection::{Cut, Intervention};
use axum_trailers::trailers::server::BreakKind;
use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{io::AsyncWrite, time::sleep};

/// The intervention in progress.
#[derive(Debug, Default)]
pub(super) enum Intervening {
    #[default]
    No,
    /// The connection will be broken.
    Cutting(BreakKind, Cut),
    /// The connection is being broken.
    Breaking(BreakKind, Step),
    /// The connection is broken.
    Broken,
    /// These bytes replace the last chunk, and so many of them are written.
    LastChunk(Vec<u8>, usize),
}

/// What is done to break a connection.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    /// Earlier bytes are sent.
    Flush,
    /// They arrive before an alert: rustls drops data that a client reads together with it.
    Pause,
    /// The client is informed, if the kind has a way.
    Inform,
    /// One direction of the connection is closed.
    Shutdown,
    /// The client closes the other one.
    Linger,
}

/// What hyper writes after the last data of a chunked response without trailers.
const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

const INTERNAL_ERROR: u8 = 2;

const PAUSE: Duration = Duration::from_millis(10);

impl From<Intervention> for Intervening {
    fn from(intervention: Intervention) -> Self {
        match intervention {
            Intervention::Break { kind, cut: Cut::After(0) } => Self::Breaking(kind, Step::Flush),
            Intervention::Break { kind, cut } => Self::Cutting(kind, cut),
            Intervention::LastChunk(bytes) => Self::LastChunk(bytes, 0),
        }
    }
}

impl<S: Transport> Guard<S> {
    /// Whether hyper's bytes must not be written as they are.
    pub(super) fn intervenes(&mut self) -> bool {
        if let Intervening::No = self.intervening
            && let Some(intervention) = self.connection.interventions().take()
        {
            self.intervening = intervention.into();
        }
        !matches!(self.intervening, Intervening::No)
    }

    /// Whether a handler has broken the connection.
    pub(super) fn is_broken_by_handler(&mut self) -> bool {
        self.intervenes() && matches!(self.intervening, Intervening::Breaking(..) | Intervening::Broken)
    }

    /// Writes what hyper writes, up to the intervention.
    pub(super) fn poll_write_intervened(
        &mut self,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.intervening {
            Intervening::No => self.poll_write_through(cx, buf),
            Intervening::Cutting(kind, cut) => {
                let (kind, allowed) =
                    (*kind, allowed(*cut, self.http2.as_ref().map(Http2Frames::heads), buf));
                let part = buf.get(..allowed.unwrap_or(buf.len())).unwrap_or(buf);
                let written = ready!(self.poll_write_through(cx, part))?;
                self.intervening = match allowed.map(|allowed| allowed - written) {
                    None => return Poll::Ready(Ok(written)),
                    Some(0) => Intervening::Breaking(kind, Step::Flush),
                    Some(left) => Intervening::Cutting(kind, Cut::After(left)),
                };
                Poll::Ready(Ok(written))
            }
            Intervening::Breaking(..) | Intervening::Broken => self.poll_broken(cx).map(Err),
            // It is what hyper writes next. If not, nothing later may be replaced.
            Intervening::LastChunk(_, 0) if !buf.starts_with(LAST_CHUNK) => {
                self.intervening = Intervening::No;
                self.poll_write_through(cx, buf)
            }
            Intervening::LastChunk(bytes, written) => {
                while let Some(rest) = bytes.get(*written..).filter(|rest| !rest.is_empty()) {
                    *written += ready!(Pin::new(&mut self.stream).poll_write(cx, rest))?;
                }
                self.intervening = Intervening::No;
                Poll::Ready(Ok(LAST_CHUNK.len()))
            }
        }
    }

    /// The same, with the error that hyper gets.
    pub(super) fn poll_broken(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        self.poll_break(cx).map(|()| io::ErrorKind::ConnectionAborted.into())
    }

    /// Breaks the connection, and waits for the client to close it as well. A failure also ends it.
    pub(super) fn poll_break(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while let Intervening::Breaking(kind, step) = self.intervening {
            self.intervening = match ready!(self.poll_step(kind, step, cx)) {
                Some(next) => Intervening::Breaking(kind, next),
                None => Intervening::Broken,
            };
        }
        Poll::Ready(())
    }

    fn poll_step(&mut self, kind: BreakKind, step: Step, cx: &mut Context<'_>) -> Poll<Option<Step>> {
        Poll::Ready(match step {
            Step::Flush => {
                let is_sent = ready!(Pin::new(&mut self.stream).poll_flush(cx)).is_ok();
                let next = if kind == BreakKind::Alert { Step::Pause } else { Step::Inform };
                is_sent.then_some(next)
            }
            Step::Pause => {
                let pause = self.pause.get_or_insert_with(|| Box::pin(sleep(PAUSE)));
                ready!(pause.as_mut().poll(cx));
                Some(Step::Inform)
            }
            Step::Inform => {
                // The end of an HTTP/1.0 connection is reset otherwise.
                self.connection.http1().set_close_delimited(false);
                match kind {
                    BreakKind::Reset => self.stream.socket_mut().reset_on_drop(),
                    BreakKind::Alert => self.stream.alert(),
                    BreakKind::GoAway => self.send_go_away(INTERNAL_ERROR, cx),
                    _ => {}
                }
                (kind != BreakKind::Reset).then_some(Step::Shutdown)
            }
            Step::Shutdown => {
                let is_closed = match kind {
                    // Nothing follows an alert.
                    BreakKind::Alert => ready!(Pin::new(self.stream.socket_mut()).poll_shutdown(cx)).is_ok(),
                    _ => ready!(Pin::new(&mut self.stream).poll_shutdown(cx)).is_ok(),
                };
                self.connection.activity().lingers();
                is_closed.then_some(Step::Linger)
            }
            Step::Linger => {
                let Self { stream, connection, closing, .. } = &mut *self;
                let closing = closing.get_or_insert_with(Closing::begin);
                // rustls reads nothing after an alert, but unread bytes would turn the end into a reset.
                ready!(closing.poll(stream.socket_mut(), connection, cx));
                None
            }
        })
    }
}

/// How many of the bytes may be written before the cut. `None` if all of them, because the cut is in a later frame.
fn allowed(cut: Cut, heads: Option<&FrameHeads>, bytes: &[u8]) -> Option<usize> {
    match (cut, heads) {
        (Cut::After(allowed), _) => Some(allowed),
        (Cut::WithinData, None) => None,
        (Cut::WithinData, Some(heads)) => {
            let (mut heads, mut rest) = (heads.clone(), bytes);
            while let Some(frame) = heads.next(&mut rest) {
                if frame.kind == DATA && frame.length > 0 {
                    return Some(bytes.len() - rest.len() + frame.length / 2);
                }
            }
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::frames::{HEADERS, tests::frame},
        *,
    };

    #[test]
    fn cut_is_in_the_middle_of_the_next_data_frame() {
        let heads = FrameHeads::of_server();
        let wire =
            [frame(HEADERS, 4, 1, &[0; 20]), frame(DATA, 0, 1, &[]), frame(DATA, 0, 1, &[0; 10])].concat();
        assert_eq!(allowed(Cut::WithinData, Some(&heads), &wire), Some(29 + 9 + 9 + 5));
        assert_eq!(allowed(Cut::WithinData, Some(&heads), &wire[..40]), None, "its head is not here yet");
        assert_eq!(allowed(Cut::After(7), None, &wire), Some(7));
    }
}

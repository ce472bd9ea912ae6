use super::{State, remembered::Remembered};
use crate::Fault;
use std::{pin::pin, sync::Arc, task::Poll};

/// What is known about one request stream in addition to what h3 reports. Clones share it.
#[derive(Clone, Debug)]
pub struct Stream(Arc<State>);

/// How the sending side of a stream has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// The peer has everything, up to the end.
    Acknowledged,
    /// The peer wants nothing more (`STOP_SENDING`).
    Stopped {
        /// The peer's error code.
        code: u64,
    },
    /// This side has reset it.
    Reset,
    /// The connection is lost or closed.
    Lost,
}

impl Stream {
    pub(crate) fn new(state: Arc<State>) -> Self {
        Self(state)
    }

    pub(crate) fn state(&self) -> &State {
        &self.0
    }

    pub(crate) fn quic(&self) -> &quinn::Connection {
        self.0.quic()
    }

    /// The stream's id.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.0.id().into_inner()
    }

    /// Whether the peer has ended its side, and h3 has got everything up to the end. The adapter reads ahead, so this is known
    /// after the `HEADERS` of a message without content, if the end came with them.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.0.has_ended()
    }

    /// The first rule that the peer has broken on this stream.
    #[must_use]
    pub fn fault(&self) -> Option<Fault> {
        self.0.fault().cloned()
    }

    /// How often the connection's window had room while this stream waited for it, and other streams took the room. While this
    /// grows, the peer reads the connection, and this stream does not wait for its own window.
    #[must_use]
    pub fn times_passed_over(&self) -> usize {
        self.0.times_passed_over()
    }

    /// Resets the sending side with this code (`RESET_STREAM`), unless the peer has everything up to its end. h3 gets an error
    /// with its next write.
    pub fn reset(&self, code: h3::error::Code) {
        self.0.reset(code.value());
    }

    /// Whether the sending side ends as if it were complete if h3 drops it unfinished. This is for h3's own responses: it answers
    /// a header section over the limit with 431, and drops that response. Without a response the stream is reset, with
    /// `H3_REQUEST_INCOMPLETE` ([RFC 9114 §4.1](https://www.rfc-editor.org/rfc/rfc9114#section-4.1)). `false` until it is set.
    pub fn finish_if_dropped(&self, finishes: bool) {
        self.0.finish_if_dropped(finishes);
    }

    /// Waits for the end of the sending side: the peer has acknowledged everything or wants nothing more, it was reset, or the
    /// connection is lost. The future can be polled on after its end.
    pub fn stopped(&self) -> impl Future<Output = Stopped> + Send + 'static {
        let state = self.0.clone();
        let stopped = state.sending().stopped();
        Remembered::new(async move {
            let mut stopped = pin!(stopped);
            let mut reset = pin!(state.when_reset().notified());
            std::future::poll_fn(|cx| {
                // It must be waiting before this looks.
                let is_reset = reset.as_mut().poll(cx).is_ready() || state.was_reset();
                if is_reset {
                    return Poll::Ready(Stopped::Reset);
                }
                let ended = stopped.as_mut().poll(cx);
                state.note_awaited(ended.is_pending());
                ended.map(|ended| match ended {
                    Ok(None) => Stopped::Acknowledged,
                    Ok(Some(code)) => Stopped::Stopped { code: code.into_inner() },
                    Err(_) => Stopped::Lost,
                })
            })
            .await
        })
    }
}

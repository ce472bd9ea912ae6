use crate::{
    errors,
    request::{State, Stream},
    turn::Turns,
};
use h3::{error::Code, quic::StreamId};
use quinn::Side;
use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

/// What is known about the streams of a connection in addition to what h3 reports. Clones share it.
#[derive(Clone)]
pub struct Streams(Arc<Shared>);

struct Shared {
    quic: quinn::Connection,
    /// quinn locks the connection to tell it.
    side: Side,
    rejects_new: AtomicBool,
    kept: AtomicUsize,
    /// Those that nobody has taken: a few, the last ones.
    untaken: Mutex<Vec<Stream>>,
    turns: Turns,
}

impl Streams {
    pub(crate) fn new(quic: quinn::Connection) -> Self {
        Self(Arc::new(Shared {
            side: quic.side(),
            quic,
            rejects_new: AtomicBool::new(false),
            kept: AtomicUsize::new(0),
            untaken: Mutex::default(),
            turns: Turns::default(),
        }))
    }

    /// Takes what is known about a request stream, from when it was accepted or opened. Returns `None` if it was taken before,
    /// or the stream is gone.
    #[must_use]
    pub fn take(&self, id: StreamId) -> Option<Stream> {
        let mut untaken = self.untaken();
        let place = untaken.iter().rposition(|stream| stream.state().id() == id)?;
        Some(untaken.swap_remove(place))
    }

    /// Rejects each new request stream from now on, with `H3_REQUEST_REJECTED`. A `GOAWAY` of h3's `shutdown(1)` announces
    /// the id of the next stream, and h3 (0.0.8) would still accept that one.
    pub fn reject_new(&self) {
        self.0.rejects_new.store(true, Ordering::Relaxed);
    }

    /// Closes the connection. The reason is for people who look at its packets.
    pub fn close(&self, code: Code, reason: &[u8]) {
        self.quic().close(errors::code(code.value()), reason);
    }

    /// How many streams quinn (0.11.12) keeps about 100 bytes of until the connection ends: those that this side has reset while
    /// [`Stream::stopped`] waited.
    #[must_use]
    pub fn kept(&self) -> usize {
        self.0.kept.load(Ordering::Relaxed)
    }

    /// The QUIC connection.
    #[must_use]
    pub fn quic(&self) -> &quinn::Connection {
        &self.0.quic
    }

    pub(crate) fn side(&self) -> Side {
        self.0.side
    }

    pub(crate) fn rejects_new(&self) -> bool {
        self.0.rejects_new.load(Ordering::Relaxed)
    }

    pub(crate) fn turns(&self) -> &Turns {
        &self.0.turns
    }

    pub(crate) fn note_kept(&self) {
        self.0.kept.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn add(&self, state: Arc<State>) {
        self.untaken().push(Stream::new(state));
    }

    fn untaken(&self) -> std::sync::MutexGuard<'_, Vec<Stream>> {
        // Nothing panics while it is locked.
        self.0.untaken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Streams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shared { quic, rejects_new, .. } = &*self.0;
        f.debug_struct("Streams")
            .field("quic", quic)
            .field("rejects_new", rejects_new)
            .finish_non_exhaustive()
    }
}

use crate::connection::Connection;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

/// The streams of a connection whose response the client has not acknowledged to its end.
#[derive(Clone)]
pub(super) struct Unacknowledged {
    streams: Arc<AtomicUsize>,
    connection: Arc<Connection>,
}

/// Counts a stream until it is dropped.
pub(super) struct UnacknowledgedStream(Unacknowledged);

impl Unacknowledged {
    pub(super) fn none(connection: Arc<Connection>) -> Self {
        Self { streams: Arc::default(), connection }
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.streams.load(Relaxed)
    }

    pub(super) fn begin(&self) -> UnacknowledgedStream {
        self.connection.responses().note_unanswered(self.streams.fetch_add(1, Relaxed) + 1);
        UnacknowledgedStream(self.clone())
    }
}

impl Drop for UnacknowledgedStream {
    fn drop(&mut self) {
        let Self(Unacknowledged { streams, connection }) = self;
        connection.acknowledged(streams.fetch_sub(1, Relaxed) - 1);
    }
}

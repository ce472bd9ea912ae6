use crate::limits::Limits;
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicI64, Ordering::Relaxed},
};
use tokio::sync::Notify;

/// The part of a connection's state that the contents of its requests use.
///
/// An application may keep a request's content as long as it likes. So this must not own the connection, or the
/// connection's permit would outlive the client.
pub(crate) struct Inbound {
    limits: Arc<Limits>,
    large_trailers: AtomicBool,
    /// How many bytes of content the client may still send, on all streams together
    /// ([RFC 9113 §5.2.1](https://www.rfc-editor.org/rfc/rfc9113#section-5.2.1)). It never changes over HTTP/1.1.
    window: AtomicI64,
    has_ended: AtomicBool,
    end: Arc<Notify>,
}

/// The initial window of an HTTP/2 connection, in bytes
/// ([RFC 9113 §6.9.2](https://www.rfc-editor.org/rfc/rfc9113#section-6.9.2)).
const INITIAL_WINDOW: i64 = 65_535;

impl Inbound {
    pub(crate) fn new(limits: Arc<Limits>) -> Self {
        Self {
            limits,
            large_trailers: AtomicBool::new(false),
            window: AtomicI64::new(INITIAL_WINDOW),
            has_ended: AtomicBool::new(false),
            end: Arc::default(),
        }
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Notes that a trailer section was too large on the wire.
    pub(crate) fn note_large_trailers(&self) {
        self.large_trailers.store(true, Relaxed);
    }

    /// Whether such a section has arrived. Its request is unknown: hyper exposes no stream number.
    pub(crate) fn has_large_trailers(&self) -> bool {
        self.large_trailers.load(Relaxed)
    }

    pub(crate) fn note_data(&self, bytes: usize) {
        self.window.fetch_sub(i64::try_from(bytes).unwrap_or(i64::MAX), Relaxed);
    }

    pub(crate) fn note_window_update(&self, bytes: u32) {
        self.window.fetch_add(i64::from(bytes), Relaxed);
    }

    /// Whether the client may send content. If not, it waits for this server.
    pub(crate) fn window_is_open(&self) -> bool {
        self.window.load(Relaxed) > 0
    }

    /// Notes that the client has stopped sending.
    pub(super) fn note_end(&self) {
        self.has_ended.store(true, Relaxed);
        self.end.notify_waiters();
    }

    /// Waits until the client has stopped sending.
    pub(crate) fn ended(self: Arc<Self>) -> impl Future<Output = ()> + Send + Sync {
        let end = self.end.clone().notified_owned();
        async move {
            if !self.has_ended.load(Relaxed) {
                end.await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[test]
    fn window_is_open_while_the_client_may_send() {
        let inbound = Inbound::new(Arc::default());
        assert!(inbound.window_is_open());
        inbound.note_data(65_534);
        assert!(inbound.window_is_open());
        inbound.note_data(1);
        assert!(!inbound.window_is_open());
        inbound.note_window_update(1);
        assert!(inbound.window_is_open());
    }

    #[test]
    fn end_wakes_earlier_and_later_waiters() {
        let inbound = Arc::new(Inbound::new(Arc::default()));
        let mut waiting = Box::pin(inbound.clone().ended());
        assert!(waiting.as_mut().now_or_never().is_none());
        let not_polled_yet = inbound.clone().ended();
        inbound.note_end();
        assert!(waiting.now_or_never().is_some());
        assert!(not_polled_yet.now_or_never().is_some());
        assert!(inbound.ended().now_or_never().is_some());
    }
}

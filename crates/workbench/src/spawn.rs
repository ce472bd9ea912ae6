//! Tasks and threads that handlers spawn, with the handler's span.

use tokio::task::{JoinHandle, spawn_blocking};
use tracing::{Instrument, Span};

/// Spawns a task in the caller's span.
pub(super) fn task<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
    tokio::spawn(future.in_current_span())
}

/// Spawns blocking work on its own thread, in the caller's span.
pub(super) fn thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    let span = Span::current();
    spawn_blocking(move || span.in_scope(work))
}

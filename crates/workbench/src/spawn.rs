//! Work beside a handler, whose log lines belong to its request.

use tokio::task::{JoinHandle, spawn_blocking};
use tracing::{Instrument, Span};

/// Spawns a task in the span of its caller.
pub(super) fn task<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
    tokio::spawn(future.in_current_span())
}

/// Spawns what blocks, on a thread of its own, in the span of its caller.
pub(super) fn thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    let span = Span::current();
    spawn_blocking(move || span.in_scope(work))
}

//! The limit of a process for the size of its files (`ulimit -f`).

use std::io;

/// Lets the process outlive the limit: the system kills a process that exceeds it, unless it handles the signal. Then only the
/// write fails. Must be called within a Tokio runtime.
#[cfg(unix)]
pub(crate) fn outlive() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    signal(SignalKind::from_raw(libc::SIGXFSZ)).map(drop)
}

#[cfg(not(unix))]
pub(crate) fn outlive() -> io::Result<()> {
    Ok(())
}

//! SIGINT and SIGTERM end the process, but its HTTP/3 connections are closed before. The operating system closes those over
//! TCP, but the server would keep one over QUIC until its idle timeout.

#[cfg(unix)]
use axum_trailers_client::Client;
use std::{future::pending, io};
#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// The number of the signal that ends the process. By default, none is handled.
#[derive(Default)]
pub(super) struct Interrupt(Option<watch::Receiver<Option<i32>>>);

impl Interrupt {
    /// Handles the signals, on a thread of its own: that of the client may be writing to a pipe that nobody reads. A second
    /// signal ends the process at once, and so does the time for closing.
    #[cfg(unix)]
    pub(super) fn watch() -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let mut signals = {
            let _context = runtime.enter();
            Signals::new()?
        };
        let (sender, receiver) = watch::channel(None);
        let handle = async move {
            let first = signals.next().await;
            sender.send_replace(Some(first));
            let second = tokio::time::timeout(Client::CLOSE_TIME, signals.next()).await;
            end(second.unwrap_or(first))
        };
        std::thread::Builder::new().spawn(move || runtime.block_on(handle))?;
        Ok(Self(Some(receiver)))
    }

    #[cfg(not(unix))]
    pub(super) fn watch() -> io::Result<Self> {
        Ok(Self::default())
    }

    /// Waits for a signal.
    pub(super) async fn received(&mut self) {
        let Some(number) = &mut self.0 else { return pending().await };
        let _received = number.wait_for(Option::is_some).await.expect("its thread ends with the process");
    }

    /// Ends the process if a signal was received.
    pub(super) fn obey(&self) {
        if let Some(number) = self.0.as_ref().and_then(|number| *number.borrow()) {
            end(number);
        }
    }
}

#[cfg(unix)]
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        let (interrupt, terminate) = (SignalKind::interrupt(), SignalKind::terminate());
        Ok(Self { interrupt: signal(interrupt)?, terminate: signal(terminate)? })
    }

    async fn next(&mut self) -> i32 {
        let kind = tokio::select! {
            _ = self.interrupt.recv() => SignalKind::interrupt(),
            _ = self.terminate.recv() => SignalKind::terminate(),
        };
        kind.as_raw_value()
    }
}

/// Ends the process by this signal, as if nothing handled it: a shell that waits for the process ends as well.
fn end(number: i32) -> ! {
    #[cfg(unix)]
    let _failed = signal_hook::low_level::emulate_default_handler(number);
    std::process::exit(128 + number)
}

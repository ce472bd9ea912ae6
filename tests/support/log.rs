//! The log of a test's server, which runs on the test's thread.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex, OnceLock},
};
use tracing::{Dispatch, subscriber::DefaultGuard};
use tracing_subscriber::{
    filter::LevelFilter,
    fmt::{MakeWriter, format::FmtSpan},
};

#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Catches everything that this thread logs from now on.
    pub(crate) fn catch() -> (Self, DefaultGuard) {
        Self::catch_from(LevelFilter::INFO)
    }

    /// Also catches debug lines.
    pub(crate) fn catch_all() -> (Self, DefaultGuard) {
        Self::catch_from(LevelFilter::DEBUG)
    }

    /// Also catches the ends of spans.
    pub(crate) fn catch_spans() -> (Self, DefaultGuard) {
        Self::catch_with(LevelFilter::INFO, FmtSpan::CLOSE)
    }

    fn catch_from(level: LevelFilter) -> (Self, DefaultGuard) {
        Self::catch_with(level, FmtSpan::NONE)
    }

    fn catch_with(level: LevelFilter, spans: FmtSpan) -> (Self, DefaultGuard) {
        keep_call_sites_open();
        let log = Self::default();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(level)
            .with_span_events(spans)
            .with_writer(log.clone())
            .with_ansi(false)
            .finish();
        (log, tracing::subscriber::set_default(subscriber))
    }

    /// Waits for a line that contains all these parts.
    pub(crate) async fn line(&self, parts: &[&str]) {
        let came = async {
            while !self.text().lines().any(|line| parts.iter().all(|part| line.contains(part))) {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
        };
        let came = tokio::time::timeout(super::PATIENCE, came).await;
        assert!(came.is_ok(), "no line with {parts:?} in\n{}", self.text());
    }

    /// Everything that was logged so far.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("a log")).into_owned()
    }
}

/// Keeps a second subscriber: with a single one, tracing applies the interest of the first thread that reaches a call
/// site to all threads, and other tests' threads have none.
fn keep_call_sites_open() {
    static ANOTHER: OnceLock<Dispatch> = OnceLock::new();
    ANOTHER.get_or_init(|| {
        let subscriber = tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_writer(io::sink);
        Dispatch::new(subscriber.finish())
    });
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("a log").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

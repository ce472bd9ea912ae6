use crate::{connection::Purpose, shutdown::Shutdown};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::{Instant, sleep_until};

/// The kind of a log line, on the listeners of one purpose.
pub(super) type Kind = (Purpose, &'static str);

/// Limits the log lines of each kind, and counts the others.
#[derive(Clone, Debug)]
pub(super) struct RateLimit {
    windows: Arc<Mutex<HashMap<Kind, Window>>>,
    shutdown: Shutdown,
}

/// How many lines of a kind are written in each window. One more then contains the number of the others.
const LINES: u32 = 10;
const WINDOW: Duration = Duration::from_secs(10);

#[derive(Debug)]
struct Window {
    ends: Instant,
    written: u32,
    suppressed: u64,
}

impl RateLimit {
    pub(crate) fn new(shutdown: Shutdown) -> Self {
        Self { windows: Arc::default(), shutdown }
    }

    /// Whether to write a line of this kind. If not, `report` is called at the end of the window, or of the server, with
    /// the number of suppressed lines.
    pub(super) fn admits(&self, kind: Kind, report: impl FnOnce(u64) + Send + 'static) -> bool {
        let now = Instant::now();
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let window = windows.entry(kind).or_insert_with(|| Window::from(now));
        if now >= window.ends && window.suppressed == 0 {
            *window = Window::from(now);
        }
        if window.written < LINES {
            window.written += 1;
            return true;
        }
        window.suppressed += 1;
        if window.suppressed == 1 {
            tokio::spawn(self.clone().report_suppressed(kind, window.ends, report));
        }
        false
    }

    async fn report_suppressed(self, kind: Kind, ends: Instant, report: impl FnOnce(u64)) {
        tokio::select! {
            () = sleep_until(ends) => {}
            () = self.shutdown.begun() => {}
        }
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let suppressed = windows.remove(&kind).map_or(0, |window| window.suppressed);
        drop(windows);
        report(suppressed);
    }
}

impl Window {
    fn from(now: Instant) -> Self {
        Self { ends: now + WINDOW, written: 0, suppressed: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shutdown::Handle;
    use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
    use tokio::time::sleep;

    #[tokio::test(start_paused = true)]
    async fn lines_over_the_limit_are_counted_and_reported_when_the_window_ends() {
        let server = Handle::new();
        let (limit, reported) = (RateLimit::new(server.shutdown()), Arc::new(AtomicU64::new(0)));
        let admits = |kind| {
            let reported = reported.clone();
            limit.admits((Purpose::Https, kind), move |suppressed| {
                reported.fetch_add(suppressed, SeqCst);
            })
        };
        for _ in 0..3 {
            let written = (0..25).filter(|_| admits("a")).count();
            assert_eq!(written, 10);
            assert!(admits("b"), "each kind has lines of its own");
            assert_eq!(reported.load(SeqCst), 0, "not before the end of the window");
            sleep(WINDOW + Duration::from_millis(1)).await;
            assert_eq!(reported.swap(0, SeqCst), 15);
        }
        assert_eq!((0..11).filter(|_| admits("a")).count(), 10);
        server.abort();
        sleep(Duration::from_millis(1)).await;
        assert_eq!(reported.load(SeqCst), 1, "at once when the server ends");
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_reported_if_nothing_is_suppressed() {
        let server = Handle::new();
        let limit = RateLimit::new(server.shutdown());
        for _ in 0..3 {
            let admits = |_| limit.admits((Purpose::Https, "a"), |suppressed| panic!("{suppressed}"));
            assert_eq!((0..10).filter(|n| admits(*n)).count(), 10);
            sleep(WINDOW).await;
        }
    }
}

use super::exchange::{Exchange, after};
use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::time::{Instant, Sleep, sleep_until};

/// Limits the time without progress. Only time in which its owner waits counts: call [`stop`](Self::stop) after each wait.
#[derive(Debug)]
pub(crate) struct Stall {
    bound: Duration,
    /// Kept for the next wait. It may end too early: then it starts again.
    sleep: Option<Pin<Box<Sleep>>>,
    waits_since: Option<Instant>,
}

impl Stall {
    pub(crate) fn new(bound: Duration) -> Self {
        Self { bound, sleep: None, waits_since: None }
    }

    pub(crate) fn bound(&self) -> Duration {
        self.bound
    }

    /// The wait is over.
    pub(crate) fn stop(&mut self) {
        self.waits_since = None;
    }

    /// Waits until nothing has happened for the whole time.
    pub(crate) async fn elapsed(&mut self, exchange: &Exchange) {
        std::future::poll_fn(|cx| self.poll_elapsed(cx, exchange)).await;
    }

    /// The same for a `poll` function.
    pub(crate) fn poll_elapsed(&mut self, cx: &mut Context<'_>, exchange: &Exchange) -> Poll<()> {
        let earliest = after(*self.waits_since.get_or_insert_with(Instant::now), self.bound);
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(earliest)));
        loop {
            ready!(sleep.as_mut().poll(cx));
            let deadline = exchange.deadline(self.bound).max(earliest);
            if deadline <= Instant::now() {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(deadline);
        }
    }
}

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

/// Whether a connection is in use. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct Activity(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// A use has ended.
    ended: Notify,
}

#[derive(Debug)]
struct State {
    uses: usize,
    was_used: bool,
    last: Instant,
    is_closed: bool,
}

/// Keeps a connection in use.
#[derive(Debug)]
pub(super) struct Use(Activity);

/// How long a connection stays open without a request. It costs a packet every few seconds.
const MOST_IDLE: Duration = Duration::from_secs(60);

impl Activity {
    pub(super) fn new() -> Self {
        let state = State { uses: 0, was_used: false, last: Instant::now(), is_closed: false };
        Self(Arc::new(Shared { state: Mutex::new(state), ended: Notify::new() }))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins to use the connection. Returns `None` if it is about to be closed.
    pub(super) fn begin(&self) -> Option<Use> {
        let mut state = self.lock();
        if state.is_closed {
            return None;
        }
        state.uses += 1;
        Some(Use(self.clone()))
    }

    /// Whether it is not in use, but was.
    pub(super) fn was_idle(&self) -> bool {
        let state = self.lock();
        state.was_used && state.uses == 0
    }

    /// Waits until the connection is not in use.
    pub(super) async fn unused(&self) {
        loop {
            let ended = self.0.ended.notified();
            if self.lock().uses == 0 {
                return;
            }
            ended.await;
        }
    }

    /// Waits until the connection was not used for some time. From then on, it can't be.
    pub(super) async fn idle(&self) {
        loop {
            let next = {
                let mut state = self.lock();
                let now = Instant::now();
                let since = if state.uses == 0 { state.last } else { now };
                if since + MOST_IDLE <= now {
                    state.is_closed = true;
                    return;
                }
                since + MOST_IDLE
            };
            sleep_until(next).await;
        }
    }
}

impl Drop for Use {
    fn drop(&mut self) {
        {
            let mut state = self.0.lock();
            state.uses -= 1;
            state.was_used = true;
            state.last = Instant::now();
        }
        self.0.0.ended.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::sleep;

    #[tokio::test(start_paused = true)]
    async fn connection_is_idle_after_its_last_use() {
        let activity = Activity::new();
        assert!(!activity.was_idle());
        let using = activity.begin().expect("open");
        let idle = tokio::spawn({
            let activity = activity.clone();
            async move { activity.idle().await }
        });
        sleep(MOST_IDLE * 3).await;
        assert!(!idle.is_finished());
        let another = activity.begin().expect("in use");
        assert!(!activity.was_idle());
        let unused = activity.unused();
        drop((using, another));
        unused.await;
        assert!(activity.was_idle());
        let since = Instant::now();
        idle.await.expect("no panic");
        assert!(since.elapsed() >= MOST_IDLE);
        assert!(activity.begin().is_none());
    }
}

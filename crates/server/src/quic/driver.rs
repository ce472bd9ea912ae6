//! quinn's future of a connection, which sends and receives its packets in a task of its own.

use axum_trailers_quic::quinn::{AsyncTimer, AsyncUdpSocket, Runtime, TokioRuntime};
use std::{
    cell::RefCell,
    fmt, io,
    net::UdpSocket,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError, Weak},
    task::{Context, Poll, Waker},
    time::Instant,
};

/// The driver of a connection. Clones share it.
///
/// A thread runs its tasks in the order in which they were woken. What is written to a stream wakes the driver, and would wait
/// for all tasks that were woken before, also those of other connections.
#[derive(Clone, Debug)]
pub(super) struct Driver(Arc<Shared>);

/// tokio's runtime, with access to the drivers that it runs.
#[derive(Debug)]
pub(super) struct DriverRuntime;

type DriverFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

struct Shared(Mutex<State>);

struct State {
    /// `None` once it has ended.
    future: Option<DriverFuture>,
    /// Its task's. `None` before the task has begun.
    waker: Option<Waker>,
    /// Whether it has sent since its task was last polled.
    has_sent: bool,
}

thread_local! {
    static LAST: RefCell<Weak<Shared>> = const { RefCell::new(Weak::new()) };
}

impl Driver {
    /// The one that this thread has spawned last: that of a connection that quinn has just accepted.
    pub(super) fn last_spawned() -> Option<Self> {
        LAST.with_borrow(Weak::upgrade).map(Self)
    }

    /// Sends now what was written. After that, the next writes until the driver's turn share packets.
    pub(super) fn send(&self) {
        let mut state = match self.0.0.try_lock() {
            Ok(state) => state,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            // It is sending.
            Err(TryLockError::WouldBlock) => return,
        };
        if state.has_sent {
            return;
        }
        if let Some(waker) = state.waker.clone() {
            state.has_sent = true;
            let _ended = state.poll(&mut Context::from_waker(&waker));
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        // If it panics, it has ended.
        let Some(mut future) = self.future.take() else {
            return Poll::Ready(());
        };
        let polled = future.as_mut().poll(cx);
        if polled.is_pending() {
            self.future = Some(future);
        }
        polled
    }
}

/// The driver's task.
struct Turns(Arc<Shared>);

impl Future for Turns {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.0.lock();
        state.has_sent = false;
        match &mut state.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            None => state.waker = Some(cx.waker().clone()),
        }
        state.poll(cx)
    }
}

impl Runtime for DriverRuntime {
    fn new_timer(&self, at: Instant) -> Pin<Box<dyn AsyncTimer>> {
        TokioRuntime.new_timer(at)
    }

    fn spawn(&self, future: DriverFuture) {
        let state = State { future: Some(future), waker: None, has_sent: false };
        let shared = Arc::new(Shared(Mutex::new(state)));
        LAST.set(Arc::downgrade(&shared));
        tokio::spawn(Turns(shared));
    }

    fn wrap_udp_socket(&self, socket: UdpSocket) -> io::Result<Arc<dyn AsyncUdpSocket>> {
        TokioRuntime.wrap_udp_socket(socket)
    }

    fn now(&self) -> Instant {
        TokioRuntime.now()
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        future::poll_fn,
        sync::atomic::{AtomicUsize, Ordering::Relaxed},
    };
    use tokio::task::yield_now;

    /// A driver that counts how often it is polled, and ends with the last time.
    fn driver(last: usize) -> (Driver, Arc<AtomicUsize>) {
        let polls = Arc::<AtomicUsize>::default();
        let counted = polls.clone();
        DriverRuntime.spawn(Box::pin(poll_fn(move |_| {
            if counted.fetch_add(1, Relaxed) + 1 == last { Poll::Ready(()) } else { Poll::Pending }
        })));
        (Driver::last_spawned().expect("it was spawned on this thread"), polls)
    }

    fn wake(driver: &Driver) {
        driver.0.lock().waker.as_ref().expect("its task has begun").wake_by_ref();
    }

    #[tokio::test]
    async fn sends_out_of_turn_once_a_turn() {
        let (driver, polls) = driver(usize::MAX);
        driver.send();
        assert_eq!(polls.load(Relaxed), 0, "its task has not begun");
        yield_now().await;
        for turn in 0..3 {
            let before = 1 + 2 * turn;
            assert_eq!(polls.load(Relaxed), before);
            driver.send();
            driver.send();
            assert_eq!(polls.load(Relaxed), before + 1);
            wake(&driver);
            yield_now().await;
        }
    }

    #[tokio::test]
    async fn driver_that_has_ended_is_not_polled() {
        let (driver, polls) = driver(2);
        yield_now().await;
        driver.send();
        wake(&driver);
        yield_now().await;
        driver.send();
        assert_eq!(polls.load(Relaxed), 2);
    }
}

use super::{close_reason::CloseReason, connection::Connection, protocol::Protocol};
use std::{future::poll_fn, task::Poll};
use tokio::{
    task::unconstrained,
    time::{Instant, sleep_until},
};

/// Compares a connection with its limits and follows the server's shutdown, beside the future that serves the
/// connection.
pub(crate) struct Watchdog<'c> {
    connection: &'c Connection,
    protocol: Protocol,
    is_draining: bool,
    is_half_closed: bool,
}

/// What the connection must do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Poll it again, because a time is over.
    Poll,
    /// Accept no more requests.
    Drain,
}

impl<'c> Watchdog<'c> {
    pub(crate) fn new(connection: &'c Connection, protocol: Protocol) -> Self {
        Self { connection, protocol, is_draining: false, is_half_closed: false }
    }

    /// Waits for the next step, or for the reason to close the connection. The future may be dropped and created again.
    ///
    /// It ignores the task's budget: the future that serves the connection may use it up each time and must not delay
    /// the next step.
    pub(crate) async fn next(&mut self) -> Result<Step, CloseReason> {
        let next = unconstrained(self.wait()).await;
        next.inspect_err(|reason| {
            self.connection.set_close_reason(*reason);
            tracing::debug!(peer = %self.connection.peer, %reason, "connection cut");
        })
    }

    async fn wait(&mut self) -> Result<Step, CloseReason> {
        let Self { connection, protocol, is_draining, is_half_closed } = self;
        let (activity, shutdown) = (connection.activity(), connection.shutdown());
        let again = connection.check(Instant::now(), *protocol)?;
        // The transport detects this when it is polled, which happens before this.
        let half_closed = poll_fn(|_| ready_if(activity.is_ending_after_responses()));
        let step = tokio::select! {
            biased;
            () = half_closed, if !*is_half_closed => {
                *is_half_closed = true;
                Step::Poll
            }
            () = sleep_until(again) => {
                if protocol.stops_reading() {
                    connection.http1().look();
                }
                Step::Poll
            }
            () = shutdown.closing(), if !*is_draining => {
                *is_draining = true;
                activity.ends_when_idle();
                Step::Drain
            }
            () = shutdown.aborted(), if *is_draining => return Err(CloseReason::Shutdown),
        };
        // A connection over a limit is not polled again.
        connection.check(Instant::now(), *protocol)?;
        Ok(step)
    }
}

fn ready_if(it_is: bool) -> Poll<()> {
    if it_is { Poll::Ready(()) } else { Poll::Pending }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        connection::{LAST_WORDS, Peer, Purpose},
        shutdown::Handle,
    };
    use futures_util::FutureExt;
    use std::{sync::Arc, time::Duration};
    use tokio::time::timeout;

    fn connection(server: &Handle) -> Arc<Connection> {
        Connection::new(Peer::Unix, Purpose::Https, Arc::default(), server.shutdown(), None)
    }

    /// The steps up to the end, its reason, and how long it took.
    async fn steps(watchdog: &mut Watchdog<'_>) -> (Vec<Step>, CloseReason, Duration) {
        let (began, mut steps) = (Instant::now(), Vec::new());
        loop {
            match watchdog.next().await {
                Ok(step) => steps.push(step),
                Err(reason) => return (steps, reason, began.elapsed()),
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn connection_over_a_limit_is_closed_in_time_with_a_reason() {
        let connection = connection(&Handle::new());
        connection.activity().awaits_first_bytes();
        let (_, reason, after) = steps(&mut Watchdog::new(&connection, Protocol::Http2)).await;
        assert_eq!((reason, after), (CloseReason::NoFirstByte, connection.limits.first_byte));
        assert_eq!(connection.close_reason(), Some(reason));
    }

    #[tokio::test(start_paused = true)]
    async fn connection_within_its_limits_is_polled_from_time_to_time() {
        let connection = connection(&Handle::new());
        connection.request_begins();
        let mut watchdog = Watchdog::new(&connection, Protocol::Http1);
        for _ in 0..10 {
            let next = timeout(connection.limits.stalled_reader, watchdog.next()).await;
            assert_eq!(next, Ok(Ok(Step::Poll)));
            assert!(connection.http1().takes_look());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn dropped_future_loses_nothing() {
        let connection = connection(&Handle::new());
        connection.activity().awaits_first_bytes();
        let mut watchdog = Watchdog::new(&connection, Protocol::Http2);
        let began = Instant::now();
        let reason = loop {
            if let Ok(Err(reason)) = timeout(Duration::from_millis(10), watchdog.next()).await {
                break reason;
            }
        };
        assert_eq!((reason, began.elapsed()), (CloseReason::NoFirstByte, connection.limits.first_byte));
    }

    #[tokio::test(start_paused = true)]
    async fn half_close_is_a_step_once() {
        let connection = connection(&Handle::new());
        connection.request_begins();
        let mut watchdog = Watchdog::new(&connection, Protocol::Http2);
        assert_eq!(watchdog.next().now_or_never(), None);
        connection.ends_after_responses();
        assert_eq!(watchdog.next().now_or_never(), Some(Ok(Step::Poll)));
        assert_eq!(watchdog.next().now_or_never(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn shutdown_drains_once_and_then_cuts() {
        let server = Handle::new();
        let connection = connection(&server);
        connection.request_begins();
        let mut watchdog = Watchdog::new(&connection, Protocol::Http2);
        let ending = server.drain(Duration::from_secs(20));
        let watching = async {
            let (steps, reason, after) = steps(&mut watchdog).await;
            server.ended();
            (steps.iter().filter(|step| **step == Step::Drain).count(), reason, after)
        };
        let ((), watched) = tokio::join!(ending, watching);
        assert_eq!(watched, (1, CloseReason::Shutdown, Duration::from_secs(20)));
    }

    #[tokio::test(start_paused = true)]
    async fn idle_connection_has_its_last_words_during_a_shutdown() {
        let server = Handle::new();
        let connection = connection(&server);
        let ending = server.drain(Duration::from_secs(20));
        let watching = async {
            let mut watchdog = Watchdog::new(&connection, Protocol::Http2);
            while watchdog.next().await != Ok(Step::Drain) {}
            let (_, reason, after) = steps(&mut watchdog).await;
            server.ended();
            (reason, after)
        };
        let ((), watched) = tokio::join!(ending, watching);
        assert_eq!(watched, (CloseReason::Shutdown, LAST_WORDS));
    }
}

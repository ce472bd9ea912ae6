use super::{
    accepted::{AcceptedConnection, AcceptedConnections, Stream},
    rejections::Rejections,
};
use crate::connection::{ConnectionLimit, ConnectionPermit};
use std::{
    convert::Infallible,
    io, net,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
    time::sleep,
};

/// The way to one of the threads that serve.
#[derive(Debug)]
pub(crate) struct WorkerQueue {
    given: mpsc::UnboundedSender<AcceptedConnection>,
    connections: Arc<AtomicUsize>,
}

pub(crate) fn worker_queue() -> (WorkerQueue, AcceptedConnections) {
    let (given, accepted) = mpsc::unbounded_channel();
    (WorkerQueue { given, connections: Arc::default() }, accepted)
}

/// Accepts connections on one thread, for itself and, where it has more than others, for those.
pub(crate) struct Balancer {
    pub(crate) rejections: Rejections,
    pub(crate) permits: ConnectionLimit,
    pub(crate) queues: Arc<[WorkerQueue]>,
    /// Which of the queues is this thread's.
    pub(crate) own: usize,
}

/// How long it waits where the system has no connection to give, for want of file descriptors as a rule.
const PAUSE: Duration = Duration::from_millis(50);

/// Makes the runtime of this thread listen.
pub(crate) fn on_runtime(listener: net::TcpListener) -> io::Result<TcpListener> {
    listener.set_nonblocking(true)?;
    TcpListener::from_std(listener)
}

impl Balancer {
    /// Accepts as long as it is polled.
    pub(crate) async fn accept_loop(&self, listener: TcpListener) -> Infallible {
        loop {
            let given = listener.accept().await.and_then(|(stream, peer)| self.give(stream, peer));
            if let Err(error) = given {
                self.rejections.not_accepted(&error);
                sleep(PAUSE).await;
            }
        }
    }

    fn give(&self, stream: TcpStream, peer: net::SocketAddr) -> io::Result<()> {
        let Some(permit) = self.permits.acquire() else {
            self.rejections.too_many(peer, self.permits.limit());
            return Ok(());
        };
        let worker = self.least_loaded();
        let stream =
            if worker == self.own { Stream::Here(stream) } else { Stream::Elsewhere(stream.into_std()?) };
        if let Some(queue) = self.queues.get(worker) {
            let permit = ConnectionPermit::new(permit, queue.connections.clone());
            // One that ends just now takes none, and the connection is closed.
            let _taken = queue.given.send(AcceptedConnection { stream, peer, permit });
        }
        Ok(())
    }

    /// This thread, unless another one has clearly fewer connections. Of a few each one counts; of many a part of a
    /// sixteenth is not worth waking a thread for.
    fn least_loaded(&self) -> usize {
        let connections = |n: usize| match self.queues.get(n) {
            Some(queue) if !queue.given.is_closed() => queue.connections.load(Relaxed),
            // A thread that is gone takes none.
            _ => usize::MAX,
        };
        let own = connections(self.own);
        let least = (0..self.queues.len()).min_by_key(|n| connections(*n)).unwrap_or(self.own);
        if connections(least).saturating_add(own / 16) < own { least } else { self.own }
    }
}

use super::{
    accepted::{Accepted, AcceptedConnection, AcceptedConnections},
    rejections::Rejections,
};
use crate::connection::{ConnectionLimit, ConnectionPermit, Load, Peer, Purpose};
use std::{io, sync::Arc};
use tokio::sync::mpsc;

/// The queue of connections for one of the serving threads.
#[derive(Debug)]
pub(crate) struct WorkerQueue {
    given: mpsc::UnboundedSender<AcceptedConnection>,
    load: Arc<Load>,
}

pub(crate) fn worker_queue() -> (WorkerQueue, AcceptedConnections) {
    let (given, accepted) = mpsc::unbounded_channel();
    (WorkerQueue { given, load: Arc::default() }, accepted)
}

/// Gives the connections that one thread accepts to threads that have few.
pub(crate) struct Balancer {
    pub(crate) rejections: Rejections,
    pub(crate) permits: ConnectionLimit,
    pub(crate) queues: Arc<[WorkerQueue]>,
    /// The index of this thread's queue. A thread that serves none has an index without a queue.
    pub(crate) own: usize,
    /// How many of the threads serve while there are few connections.
    pub(crate) cores: usize,
}

/// Which thread serves a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Thread {
    /// The one that has accepted it.
    This,
    Other,
}

impl Balancer {
    /// Gives a connection to the thread with the fewest. `accepted` makes it ready for this thread, or for another one.
    pub(crate) fn give(
        &self,
        peer: Peer,
        purpose: Purpose,
        accepted: impl FnOnce(Thread) -> io::Result<Accepted>,
    ) -> io::Result<()> {
        let Some(permit) = self.permits.acquire() else {
            self.rejections.too_many(peer, purpose, self.permits.limit());
            return Ok(());
        };
        let worker = self.least_loaded();
        let transport = accepted(if worker == self.own { Thread::This } else { Thread::Other })?;
        if let Some(queue) = self.queues.get(worker) {
            let permit = ConnectionPermit::new(permit, queue.load.clone());
            // If the thread has just ended, the connection is closed.
            let _taken = queue.given.send(AcceptedConnection { transport, peer, purpose, permit });
        }
        Ok(())
    }

    fn least_loaded(&self) -> usize {
        let load = |queue: &WorkerQueue| {
            // A thread that has ended takes none.
            if queue.given.is_closed() { ENDED } else { (queue.load.connections(), queue.load.open()) }
        };
        least_loaded(&self.queues, load, self.own, self.cores)
    }
}

const ENDED: (usize, usize) = (usize::MAX, usize::MAX);

/// How many open connections each of the first threads serves before others begin to. These are as many as there are cores: a
/// thread with two connections has more to do each time that it wakes. Later connections get threads of their own, so that the
/// first ones do not delay them.
const FEW: usize = 2;

/// How many connections each of the first threads serves in all. Those that are still in their handshake may be short, and waking
/// another thread costs a part of a handshake.
const FEW_NEW: usize = 4;

/// Chooses the thread for a new connection. `load` returns how many connections a thread serves, and how many of them are open.
fn least_loaded<Q>(queues: &[Q], load: impl Fn(&Q) -> (usize, usize), own: usize, cores: usize) -> usize {
    let first = queues.get(..cores).unwrap_or(queues);
    let chosen = with_fewest(first, |queue| load(queue).0, own);
    match first.get(chosen).map(&load) {
        Some((connections, open)) if connections < FEW_NEW && open < FEW => chosen,
        _ => with_fewest(queues, |queue| load(queue).0, own),
    }
}

/// This thread, unless another one has clearly fewer connections. With few connections each one counts; with many, a difference
/// of 1/16 is not worth waking a thread for.
fn with_fewest<Q>(queues: &[Q], connections: impl Fn(&Q) -> usize, own: usize) -> usize {
    let fewest = queues.iter().map(&connections).enumerate().min_by_key(|(_, connections)| *connections);
    match (fewest, queues.get(own).map(&connections)) {
        (Some((_, fewest)), Some(owns)) if owns <= fewest.saturating_add(owns / 16) => own,
        (Some((least, _)), _) => least,
        (None, _) => own,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(connections: &[usize], own: usize, cores: usize) -> usize {
        least_loaded(connections, |connections| (*connections, *connections), own, cores)
    }

    #[test]
    fn few_connections_share_as_many_threads_as_there_are_cores() {
        let mut connections = [0; 6];
        let mut order = Vec::new();
        for _ in 0..10 {
            let thread = chosen(&connections, 5, 2);
            connections[thread] += 1;
            order.push(thread);
        }
        assert_eq!(order, [0, 1, 0, 1, 5, 2, 3, 4, 5, 2]);
    }

    #[test]
    fn few_handshakes_share_them_also() {
        let mut connections = [0; 4];
        for _ in 0..2 * FEW_NEW {
            connections[least_loaded(&connections, |connections| (*connections, 0), 0, 2)] += 1;
        }
        assert_eq!(connections, [FEW_NEW, FEW_NEW, 0, 0]);
        assert_eq!(least_loaded(&connections, |connections| (*connections, 0), 0, 2), 2);
    }

    #[test]
    fn accepting_thread_keeps_a_connection_unless_it_has_clearly_more() {
        assert_eq!(chosen(&[2, 2, 2], 1, 3), 1);
        assert_eq!(chosen(&[2, 3, 2], 1, 3), 0);
        assert_eq!(chosen(&[100, 106, 101], 1, 3), 1);
        assert_eq!(chosen(&[100, 107, 101], 1, 3), 0);
    }

    #[test]
    fn thread_that_has_few_is_passed_over_if_another_has_as_few_connections() {
        let loads = [(2, 2), (2, 1), (0, 0)];
        assert_eq!(least_loaded(&loads, |load| *load, 0, 2), 2);
        assert_eq!(least_loaded(&loads, |load| *load, 1, 2), 1);
        assert_eq!(least_loaded(&[(3, 1), (1, 1), (0, 0)], |load| *load, 2, 2), 1);
    }

    #[test]
    fn thread_that_has_ended_is_chosen_last() {
        assert_eq!(chosen(&[usize::MAX, 9, 7], 0, 3), 2);
        assert_eq!(chosen(&[usize::MAX, 1], 0, 2), 1);
        assert_eq!(chosen(&[usize::MAX], 0, 4), 0);
    }
}

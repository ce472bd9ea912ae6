//! From a listener to the thread that serves a connection: the balancer, the queues, and the connections that are
//! rejected.

mod accepted;
mod balancer;
mod rate_limit;
mod rejections;

pub(crate) use self::{
    accepted::{Accepted, AcceptedConnection, AcceptedConnections},
    balancer::{Balancer, Thread, WorkerQueue, worker_queue},
    rejections::{Early, Rejections},
};

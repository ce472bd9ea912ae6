//! Connections over TCP: accepted, given to a thread, TLS, and what is between TLS and hyper.
//!
//! The [`Socket`](socket::Socket) notes what moves, the [`Guard`](guard::Guard) sees the bytes between TLS and hyper, and closes so
//! that the client sees how its last response ended. What they find is in [`connection`](crate::connection).

mod accept;
mod accepted;
mod closing;
mod connections;
mod cork;
mod first_bytes;
mod frames;
#[cfg(any(test, fuzzing))]
#[cfg_attr(not(fuzzing), expect(unreachable_pub, reason = "fuzz/ alone reaches it"))]
pub(crate) mod fuzzing;
mod guard;
mod handshake;
mod hpack;
mod http;
mod http1_framing;
mod http2_frames;
mod listen;
mod priority;
mod rate_limit;
mod read_ahead;
mod rejections;
mod service;
mod settings;
mod socket;
mod trailer_blocks;
mod transport;

pub use self::listen::BindError;
pub(crate) use self::{
    accept::{Balancer, WorkerQueue, on_runtime, worker_queue},
    accepted::AcceptedConnections,
    connections::Connections,
    listen::{addresses, listen},
    rejections::Rejections,
};

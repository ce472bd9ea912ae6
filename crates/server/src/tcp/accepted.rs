use crate::connection::Place;
use std::{
    io,
    net::{self, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};
use tokio::{net::TcpStream, sync::mpsc};

/// A new connection, on its way to the thread that serves it.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(super) stream: Accepted,
    pub(crate) peer: SocketAddr,
    pub(super) seat: Seat,
}

/// The connections that are given to one thread.
pub(crate) type Arrivals = mpsc::UnboundedReceiver<Arrival>;

/// A connection that was accepted on the thread that it is for, or on another one.
#[derive(Debug)]
pub(super) enum Accepted {
    Here(TcpStream),
    Elsewhere(net::TcpStream),
}

impl Arrival {
    /// The stream for this thread's runtime, and what it takes until it has ended.
    pub(crate) fn into_parts(self) -> io::Result<(TcpStream, Seat)> {
        let stream = match self.stream {
            Accepted::Here(stream) => stream,
            Accepted::Elsewhere(stream) => TcpStream::from_std(stream)?,
        };
        Ok((stream, self.seat))
    }
}

/// What an open connection takes, until it has ended: a place, and a part of its thread.
#[derive(Debug)]
pub(crate) struct Seat {
    _place: Place,
    connections: Arc<AtomicUsize>,
}

impl Seat {
    /// `connections` counts those of one thread.
    pub(crate) fn new(place: Place, connections: Arc<AtomicUsize>) -> Self {
        connections.fetch_add(1, Relaxed);
        Self { _place: place, connections }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.connections.fetch_sub(1, Relaxed);
    }
}

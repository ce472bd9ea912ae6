use super::place::Place;
use axum_server::{AddrListener, Address};
use std::{
    fmt, io,
    net::{self, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};
use tokio::{
    net::TcpStream,
    sync::{Mutex, mpsc},
};

/// Who a new connection comes from, and the place that it has. axum-server takes it for an address.
#[derive(Clone)]
pub(in crate::server) struct Arrival {
    pub(in crate::server) peer: SocketAddr,
    pub(in crate::server) seat: Arc<Seat>,
}

/// What an open connection takes, until it has ended: a place, and a part of its thread.
#[derive(Debug)]
pub(in crate::server) struct Seat {
    _place: Place,
    connections: Arc<AtomicUsize>,
}

impl Seat {
    /// `connections` counts those of one thread.
    pub(in crate::server) fn new(place: Place, connections: Arc<AtomicUsize>) -> Self {
        connections.fetch_add(1, Relaxed);
        Self { _place: place, connections }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.connections.fetch_sub(1, Relaxed);
    }
}

impl fmt::Debug for Arrival {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.peer.fmt(f)
    }
}

/// A connection that was accepted on the thread that it is for, or on another one.
pub(super) enum Accepted {
    Here(TcpStream),
    Elsewhere(net::TcpStream),
}

/// The connections that are given to one thread, for axum-server a listener.
pub(in crate::server) struct Arrivals(Mutex<mpsc::UnboundedReceiver<(Accepted, Arrival)>>);

impl Arrivals {
    pub(super) fn new(given: mpsc::UnboundedReceiver<(Accepted, Arrival)>) -> Self {
        Self(Mutex::new(given))
    }
}

impl Address for Arrival {
    type Stream = TcpStream;
    type Listener = Arrivals;
}

impl AddrListener<TcpStream, Arrival> for Arrivals {
    async fn bind_to(_arrival: Arrival) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    async fn accept_stream(&self) -> io::Result<(TcpStream, Arrival)> {
        let given = self.0.lock().await.recv().await;
        match given {
            Some((Accepted::Here(stream), arrival)) => Ok((stream, arrival)),
            Some((Accepted::Elsewhere(stream), arrival)) => Ok((TcpStream::from_std(stream)?, arrival)),
            // Nobody accepts any more; what is here goes on.
            None => std::future::pending().await,
        }
    }

    fn get_local_addr(&self) -> io::Result<Arrival> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

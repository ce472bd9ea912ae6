use crate::connection::Purpose;
use std::{io, net::TcpListener};

/// A listening socket, and what its connections are for.
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(super) socket: TcpListener,
    pub(super) purpose: Purpose,
}

impl Endpoint {
    pub(crate) fn all(sockets: Vec<TcpListener>, purpose: Purpose) -> impl Iterator<Item = Self> {
        sockets.into_iter().map(move |socket| Self { socket, purpose })
    }

    /// The same for another thread.
    pub(crate) fn try_clone(&self) -> io::Result<Self> {
        Ok(Self { socket: self.socket.try_clone()?, purpose: self.purpose })
    }

    /// Registers the socket with this thread's runtime.
    pub(crate) fn on_runtime(self) -> io::Result<OpenEndpoint> {
        self.socket.set_nonblocking(true)?;
        Ok(OpenEndpoint { socket: tokio::net::TcpListener::from_std(self.socket)?, purpose: self.purpose })
    }
}

/// An [`Endpoint`] on the runtime of a thread that accepts.
pub(crate) struct OpenEndpoint {
    pub(super) socket: tokio::net::TcpListener,
    pub(super) purpose: Purpose,
}

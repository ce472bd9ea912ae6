use crate::connection::ConnectionPermit;
use std::{
    io,
    net::{self, SocketAddr},
};
use tokio::{net::TcpStream, sync::mpsc};

/// A connection that was accepted, on its way to the thread that serves it.
#[derive(Debug)]
pub(crate) struct AcceptedConnection {
    pub(super) stream: Stream,
    pub(crate) peer: SocketAddr,
    pub(super) permit: ConnectionPermit,
}

/// The connections that are given to one thread.
pub(crate) type AcceptedConnections = mpsc::UnboundedReceiver<AcceptedConnection>;

/// The stream of a connection that was accepted on the thread that it is for, or on another one.
#[derive(Debug)]
pub(super) enum Stream {
    Here(TcpStream),
    Elsewhere(net::TcpStream),
}

impl AcceptedConnection {
    /// The stream for this thread's runtime, and what it takes until it has ended.
    pub(crate) fn into_parts(self) -> io::Result<(TcpStream, ConnectionPermit)> {
        let stream = match self.stream {
            Stream::Here(stream) => stream,
            Stream::Elsewhere(stream) => TcpStream::from_std(stream)?,
        };
        Ok((stream, self.permit))
    }
}

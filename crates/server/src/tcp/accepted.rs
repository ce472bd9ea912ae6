use crate::connection::{ConnectionPermit, Peer, Purpose};
use std::{io, net};
use tokio::{net::TcpStream, sync::mpsc};

/// An accepted connection on its way to the thread that serves it.
#[derive(Debug)]
pub(crate) struct AcceptedConnection {
    pub(super) stream: Stream,
    pub(super) peer: Peer,
    pub(super) purpose: Purpose,
    pub(super) permit: ConnectionPermit,
}

/// The connections for one thread.
pub(crate) type AcceptedConnections = mpsc::UnboundedReceiver<AcceptedConnection>;

/// A stream that was accepted on the thread that serves it, or on another one.
#[derive(Debug)]
pub(super) enum Stream {
    Here(TcpStream),
    Elsewhere(net::TcpStream),
}

impl AcceptedConnection {
    /// The stream, registered with this thread's runtime, and its permit.
    pub(crate) fn into_parts(self) -> io::Result<(TcpStream, ConnectionPermit)> {
        let stream = match self.stream {
            Stream::Here(stream) => stream,
            Stream::Elsewhere(stream) => TcpStream::from_std(stream)?,
        };
        Ok((stream, self.permit))
    }
}

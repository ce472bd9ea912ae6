use super::stream::{StdStream, Stream};
use crate::connection::{ConnectionPermit, Peer, Purpose};
use std::io;
use tokio::sync::mpsc;

/// An accepted connection on its way to the thread that serves it.
#[derive(Debug)]
pub(crate) struct AcceptedConnection {
    pub(super) stream: Accepted,
    pub(super) peer: Peer,
    pub(super) purpose: Purpose,
    pub(super) permit: ConnectionPermit,
}

/// The connections for one thread.
pub(crate) type AcceptedConnections = mpsc::UnboundedReceiver<AcceptedConnection>;

/// A stream that was accepted on the thread that serves it, or on another one.
#[derive(Debug)]
pub(super) enum Accepted {
    Here(Stream),
    Elsewhere(StdStream),
}

impl AcceptedConnection {
    /// The stream, registered with this thread's runtime, and its permit.
    pub(super) fn into_parts(self) -> io::Result<(Stream, ConnectionPermit)> {
        let stream = match self.stream {
            Accepted::Here(stream) => stream,
            Accepted::Elsewhere(stream) => stream.on_runtime()?,
        };
        Ok((stream, self.permit))
    }
}

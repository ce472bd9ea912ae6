#[cfg(feature = "http3")]
use crate::quic;
use crate::{
    connection::{ConnectionPermit, Peer, Purpose},
    tcp,
};
use tokio::sync::mpsc;

/// An accepted connection on its way to the thread that serves it.
#[derive(Debug)]
pub(crate) struct AcceptedConnection {
    pub(crate) transport: Accepted,
    pub(crate) peer: Peer,
    pub(crate) purpose: Purpose,
    pub(crate) permit: ConnectionPermit,
}

/// The connections for one thread.
pub(crate) type AcceptedConnections = mpsc::UnboundedReceiver<AcceptedConnection>;

/// What was accepted, by transport.
#[derive(Debug)]
pub(crate) enum Accepted {
    Tcp(tcp::AcceptedStream),
    #[cfg(feature = "http3")]
    Quic(Box<quic::AcceptedHandshake>),
}

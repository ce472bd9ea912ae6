//! The header of the PROXY protocol, which comes before everything else on a connection.

use super::socket::Socket;
use crate::{
    accept::Early,
    client_address::{Opening, ProxyHeader, ProxyHeaderFault},
    connection::ConnectionClient,
};
use std::{fmt, io, time::Duration};
use tokio::time::{Instant, timeout_at};

/// Why a connection has no valid header.
#[derive(Debug)]
pub(super) enum Failure {
    /// A trusted proxy has sent something else.
    Missing,
    Invalid(ProxyHeaderFault),
    TimedOut(Duration),
    /// The peer left before the end of its header.
    Broken(io::Error),
    /// The peer left before its first byte, as port checks do.
    Probe,
}

impl Early for Failure {
    fn label(&self) -> &'static str {
        match self {
            Self::Missing => "no_proxy_header",
            Self::Invalid(_) => "bad_proxy_header",
            Self::TimedOut(_) => "timeout",
            Self::Broken(_) => "client_gone",
            Self::Probe => "probe",
        }
    }

    fn is_probe(&self) -> bool {
        matches!(self, Self::Probe)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("the trusted proxy has sent none"),
            Self::Invalid(fault) => fault.fmt(f),
            Self::TimedOut(limit) => write!(f, "it took longer than {limit:?}"),
            Self::Broken(error) => write!(f, "the peer left before its end: {error}"),
            Self::Probe => f.write_str("the peer closed the connection before its first byte"),
        }
    }
}

/// Takes the header off the connection and notes the client in it. `limit` is the time that it may take since `began`.
///
/// A trusted proxy must send a header. That of another peer is discarded.
pub(super) async fn accept(
    socket: &mut Socket,
    client: &ConnectionClient,
    began: Instant,
    limit: Duration,
) -> Result<(), Failure> {
    let opening = timeout_at(began + limit, opening(socket)).await;
    match opening.map_err(|_elapsed| Failure::TimedOut(limit))?? {
        Some(header) => {
            socket.discard_peeked(header.length);
            client.note_reported(header.client);
            Ok(())
        }
        None if client.is_peer_trusted() => Err(Failure::Missing),
        None => Ok(()),
    }
}

/// The header, or `None` if the connection begins with something else.
async fn opening(socket: &mut Socket) -> Result<Option<ProxyHeader>, Failure> {
    loop {
        match ProxyHeader::read(socket.peeked()).map_err(Failure::Invalid)? {
            Opening::Header(header) => return Ok(Some(header)),
            Opening::Other => return Ok(None),
            Opening::Incomplete => {}
        }
        let before = socket.peeked().len();
        let so_far = socket.peek_up_to(ProxyHeader::LARGEST).await.map_err(Failure::Broken)?;
        if so_far.is_empty() {
            return Err(Failure::Probe);
        }
        if so_far.len() == before {
            return Err(Failure::Broken(io::ErrorKind::UnexpectedEof.into()));
        }
    }
}

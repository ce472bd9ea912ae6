use super::{handshake_error, refusal};
use crate::{connector::ConnectError, exchange::Error};
use axum_trailers_quic::quinn::{self, ClientConfig, Endpoint, EndpointConfig, TokioRuntime};
use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use std::{
    io::{self, ErrorKind},
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};
use tokio::{net::lookup_host, task::JoinSet, time::timeout};

/// How long an address may take before the next one is tried as well
/// ([RFC 8305 §5](https://www.rfc-editor.org/rfc/rfc8305#section-5)).
const HEAD_START: Duration = Duration::from_millis(250);

/// What the kernel may hold of a connection, in bytes, as far as it permits. Its default is a few packets of a fast download.
const SOCKET_BUFFER: usize = 2 * 1024 * 1024;

/// Opens a QUIC connection to the first address of a host, or of those given instead, that answers. `name` is whose certificate the server must have.
pub(in crate::connector) async fn dial(
    host: &str,
    port: u16,
    name: &str,
    given: Option<Vec<SocketAddr>>,
    config: ClientConfig,
) -> Result<quinn::Connection, Error> {
    let to = format!("{host}:{port}");
    let addresses = match given {
        Some(given) => given,
        None => resolve(host, port).await.map_err(|error| failed(&to, ErrorKind::NotFound, &error))?,
    };
    let mut addresses = addresses.into_iter();
    let mut attempts = JoinSet::new();
    let mut first = None;
    loop {
        let next = addresses.next();
        let is_last = next.is_none();
        if let Some(address) = next {
            attempts.spawn(attempt(address, name.to_owned(), to.clone(), config.clone()));
        }
        let joined = match timeout(HEAD_START, attempts.join_next()).await {
            Err(_) if is_last => attempts.join_next().await,
            Err(_) => continue,
            Ok(joined) => joined,
        };
        match joined {
            Some(Ok(Ok(connection))) => return Ok(connection),
            Some(Ok(Err(error))) => {
                first.get_or_insert(error);
            }
            Some(Err(_aborted)) => {}
            None if is_last => {
                let none = || failed(&to, ErrorKind::NotFound, &"the name has no address");
                return Err(first.unwrap_or_else(none));
            }
            None => {}
        }
    }
}

fn failed(to: &str, kind: ErrorKind, reason: &impl ToString) -> Error {
    Error::Connect(ConnectError::Failed { to: to.to_owned(), kind, reason: reason.to_string() })
}

async fn resolve(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    Ok(lookup_host((bare, port)).await?.collect())
}

async fn attempt(
    address: SocketAddr,
    name: String,
    to: String,
    config: ClientConfig,
) -> Result<quinn::Connection, Error> {
    let endpoint = endpoint(address).map_err(|error| failed(&to, error.kind(), &error))?;
    let connecting = endpoint
        .connect_with(config, address, &name)
        .map_err(|error| failed(&to, ErrorKind::InvalidInput, &error))?;
    tokio::select! {
        biased;
        connected = connecting => connected.map_err(|error| handshake_error::of(&error, &to)),
        error = refusal::refused(address) => Err(failed(&to, error.kind(), &error)),
    }
}

/// Where a socket is bound that sends to this address.
pub(super) fn any_port(address: SocketAddr) -> SocketAddr {
    if address.is_ipv4() { (Ipv4Addr::UNSPECIFIED, 0).into() } else { (Ipv6Addr::UNSPECIFIED, 0).into() }
}

/// A socket of its own, which ends with its connection.
fn endpoint(address: SocketAddr) -> io::Result<Endpoint> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    // The kernel's limit may be lower.
    let _buffers = (socket.set_recv_buffer_size(SOCKET_BUFFER), socket.set_send_buffer_size(SOCKET_BUFFER));
    socket.bind(&SockAddr::from(any_port(address)))?;
    Endpoint::new(EndpointConfig::default(), None, socket.into(), Arc::new(TokioRuntime))
}

use std::{
    fmt, io,
    net::{SocketAddr, TcpListener, ToSocketAddrs},
};

/// Listening on an address failed.
#[derive(Debug, thiserror::Error)]
#[error("can't listen on {address}")]
#[non_exhaustive]
pub struct BindError {
    /// The address.
    pub address: String,
    /// The cause.
    pub source: io::Error,
}

/// Listens on all addresses of a name.
pub(crate) fn listen(address: impl ToSocketAddrs + fmt::Display) -> Result<Vec<TcpListener>, BindError> {
    let unresolved = |source| BindError { address: address.to_string(), source };
    let addresses = address.to_socket_addrs().map_err(unresolved)?;
    addresses
        .map(|address| {
            TcpListener::bind(address).map_err(|source| BindError { address: address.to_string(), source })
        })
        .collect()
}

pub(crate) fn addresses(listeners: &[TcpListener]) -> Vec<SocketAddr> {
    listeners.iter().filter_map(|listener| listener.local_addr().ok()).collect()
}

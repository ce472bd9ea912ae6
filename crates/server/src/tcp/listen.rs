use std::{
    fmt, io,
    net::{SocketAddr, TcpListener, ToSocketAddrs},
};

/// An address can't be listened on.
#[derive(Debug, thiserror::Error)]
#[error("can't listen on {address}")]
#[non_exhaustive]
pub struct BindError {
    /// The address.
    pub address: String,
    /// Why.
    pub source: io::Error,
}

/// Listens on all addresses that a name has.
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

use super::endpoint::Endpoint;
use crate::connection::Purpose;
use std::{
    fmt, io,
    net::{SocketAddr, TcpListener, ToSocketAddrs},
};

/// Listening on an address failed.
#[derive(Debug, thiserror::Error)]
#[error("can't listen on {address}")]
#[non_exhaustive]
pub struct BindError {
    /// The address: of a Unix socket `unix:` and its path, of a UDP socket `UDP` and its address.
    pub address: String,
    /// The cause.
    pub source: io::Error,
}

/// Listens on all addresses of a name.
pub(crate) fn bind(
    address: impl ToSocketAddrs + fmt::Display,
    purpose: Purpose,
) -> Result<Vec<Endpoint>, BindError> {
    resolve(address)?
        .map(|address| match TcpListener::bind(address) {
            Ok(socket) => Ok(Endpoint::tcp(socket, purpose)),
            Err(source) => Err(BindError { address: address.to_string(), source }),
        })
        .collect()
}

/// The addresses of a name.
pub(crate) fn resolve<A: ToSocketAddrs + fmt::Display>(address: A) -> Result<A::Iter, BindError> {
    address.to_socket_addrs().map_err(|source| BindError { address: address.to_string(), source })
}

pub(crate) fn addresses(endpoints: &[Endpoint], purpose: Purpose) -> Vec<SocketAddr> {
    let of_purpose = endpoints.iter().filter(|endpoint| endpoint.purpose == purpose);
    of_purpose.filter_map(Endpoint::local_addr).collect()
}

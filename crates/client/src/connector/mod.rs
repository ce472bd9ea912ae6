//! From a URL to a connection: names, proxies, TLS, and the choice of the protocol.

mod connection;
#[expect(clippy::module_inception, reason = "one file per type")]
mod connector;
mod error;
mod protocol;
mod proxy;
mod tls;
mod transport;

pub(crate) use self::connection::{Connection, OutgoingBody};
pub use self::{
    connector::Connector,
    error::{ConnectError, TlsError},
    protocol::Protocol,
    proxy::Proxy,
    tls::Tls,
    transport::Transport,
};

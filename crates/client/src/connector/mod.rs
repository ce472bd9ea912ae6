//! From a URL to a connection: names, proxies, TLS, and the choice of the protocol.

#[cfg(feature = "http3")]
mod alt_svc;
#[cfg(feature = "http3")]
mod alternatives;
mod connection;
#[expect(clippy::module_inception, reason = "one file per type")]
mod connector;
mod dial;
mod error;
#[cfg(feature = "http3")]
mod http3;
#[cfg(feature = "http3")]
mod on_fallback;
mod overrides;
mod protocol;
mod proxy;
mod send_error;
mod tls;
mod transport;
mod tunnel;

#[cfg(all(feature = "http3", any(test, fuzzing)))]
pub(crate) use self::alt_svc::what_is_read_is_read_again;
use self::overrides::Overrides;
pub(crate) use self::{connection::Connection, send_error::SendError};
pub use self::{
    connector::Connector,
    error::{ConnectError, TlsError},
    protocol::Protocol,
    proxy::Proxy,
    tls::Tls,
    transport::Transport,
};

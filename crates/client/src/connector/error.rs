use std::time::Duration;

/// Why there is no connection.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The name can't be resolved, or no address accepts a connection.
    #[error("can't connect to {to}: {reason}")]
    Failed {
        /// Host and port.
        to: String,
        /// The reason.
        reason: String,
    },
    /// The proxy does not open a tunnel.
    #[error("the proxy {proxy} does not open a tunnel: {reason}")]
    Proxy {
        /// Host and port of the proxy.
        proxy: String,
        /// The reason.
        reason: String,
    },
    /// The proxy is none that this client supports.
    #[error("can't use the proxy {proxy}: {reason}")]
    UnsupportedProxy {
        /// The URL of the proxy, without user and password.
        proxy: String,
        /// The reason.
        reason: String,
    },
    /// There was no connection, including the TLS handshake, in this time.
    #[error("no connection after {} s", .0.as_secs_f64())]
    Timeout(Duration),
    /// There was a connection, but no response in this time.
    #[error("no response after {} s", .0.as_secs_f64())]
    NoResponse(Duration),
}

/// Why TLS failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A certificate or a key can't be used.
    #[error("{0}")]
    Settings(String),
    /// The handshake failed, for example because the server's certificate is not trusted.
    #[error("{0}")]
    Handshake(String),
    /// The server does not agree to the required protocol.
    #[error("the server does not agree to {0}")]
    Protocol(&'static str),
}

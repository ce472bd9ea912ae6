use crate::{ConnectError, Cut, TlsError};

/// Why there is no response.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The request can't be sent: its URL is not supported, or its body failed. The trouble is on this side.
    #[error("{0}")]
    Request(String),
    /// There is no connection, or no response in time.
    #[error(transparent)]
    Connect(ConnectError),
    /// TLS failed.
    #[error(transparent)]
    Tls(TlsError),
    /// The connection ended before the response.
    #[error("no response: {0}")]
    NoResponse(Cut),
}

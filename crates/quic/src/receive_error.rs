use crate::Fault;
use h3::{
    error::{ConnectionError, LocalError, StreamError},
    quic::ConnectionErrorIncoming,
};

/// Why a message was not received as a whole.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiveError {
    /// The trailer section is larger than this side allows.
    #[error("a trailer section of at least {size} bytes, of which {limit} are allowed")]
    TrailersTooLarge {
        /// The size as decoded, up to the first field over the limit, in bytes.
        size: u64,
        /// The limit, in bytes.
        limit: u64,
    },
    /// The peer has broken a rule of HTTP/3.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The peer has reset the stream.
    #[error("the stream was reset with {code:#x}")]
    Reset {
        /// The peer's error code.
        code: u64,
    },
    /// The connection is closed or lost.
    #[error("the connection is closed: {reason}")]
    Closed {
        /// The code with which the peer's HTTP/3 has closed it, if it has.
        code: Option<u64>,
        /// What is known about it.
        reason: String,
    },
    /// The peer has not been heard for the connection's idle timeout.
    #[error("the connection has timed out")]
    TimedOut,
    /// The content has another length than the message's `Content-Length`
    /// ([RFC 9114 §4.1.2](https://www.rfc-editor.org/rfc/rfc9114#section-4.1.2)).
    #[error("{received} bytes of content, but the length was announced as {expected}")]
    Length {
        /// The announced length, in bytes.
        expected: u64,
        /// How many bytes came, until that was clear.
        received: u64,
    },
    /// What h3 refuses.
    #[error("{0}")]
    Malformed(String),
}

impl ReceiveError {
    /// What h3 reports about a stream.
    #[must_use]
    pub fn of_stream(error: StreamError) -> Self {
        match error {
            StreamError::RemoteTerminate { code } => Self::Reset { code: code.value() },
            StreamError::ConnectionError(error) => Self::of_connection(error),
            StreamError::HeaderTooBig { actual_size, max_size } => {
                Self::TrailersTooLarge { size: actual_size, limit: max_size }
            }
            StreamError::Undefined(error) => match error.downcast::<Fault>() {
                Ok(fault) => Self::Fault(*fault),
                Err(error) => Self::Malformed(error.to_string()),
            },
            other => Self::Malformed(other.to_string()),
        }
    }

    /// What h3 reports about a connection.
    #[must_use]
    pub fn of_connection(error: ConnectionError) -> Self {
        match error {
            ConnectionError::Timeout => Self::TimedOut,
            ConnectionError::Remote(ConnectionErrorIncoming::ApplicationClose { error_code }) => {
                Self::Closed { code: Some(error_code), reason: format!("with {error_code:#x} by the peer") }
            }
            ConnectionError::Remote(ConnectionErrorIncoming::Undefined(error)) => {
                match error.downcast_ref::<Fault>() {
                    Some(fault) => Self::Fault(fault.clone()),
                    None => Self::Closed { code: None, reason: error.to_string() },
                }
            }
            ConnectionError::Local { error: LocalError::Application { reason, .. }, .. } => {
                Self::Malformed(reason)
            }
            other => Self::Closed { code: None, reason: other.to_string() },
        }
    }
}

use crate::{Fault, Stream};
use h3::{
    error::{ConnectionError, LocalError, StreamError},
    quic::ConnectionErrorIncoming,
};

/// Why a message was not received as a whole.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiveError {
    /// A field section is larger than this side allows: of a [`Content`](crate::Content), its trailer section.
    #[error("a field section of at least {size} bytes, of which {limit} are allowed")]
    SectionTooLarge {
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
    /// What h3 reports about a stream, with what is known about the stream and its connection. The error may also be one of
    /// sending: [`Reset`](Self::Reset) has then the code of the peer's `STOP_SENDING`.
    #[must_use]
    pub fn of(error: StreamError, stream: &Stream) -> Self {
        if let Some(fault) = stream.fault() {
            return Self::Fault(fault);
        }
        match error {
            StreamError::RemoteTerminate { code } => Self::Reset { code: code.value() },
            StreamError::ConnectionError(error) => Self::of_connection(error, stream.quic()),
            StreamError::HeaderTooBig { actual_size, max_size } => {
                Self::SectionTooLarge { size: actual_size, limit: max_size }
            }
            StreamError::Undefined(error) => Self::Malformed(error.to_string()),
            StreamError::StreamError { reason, .. } => Self::Malformed(reason),
            other => Self::Malformed(other.to_string()),
        }
    }

    /// What h3 reports about a connection.
    #[must_use]
    pub fn of_connection(error: ConnectionError, quic: &quinn::Connection) -> Self {
        match error {
            ConnectionError::Timeout => Self::TimedOut,
            ConnectionError::Local { error: LocalError::Application { reason, .. } } => {
                Self::Malformed(reason)
            }
            other => match (fault(&other), quic.close_reason()) {
                (Some(fault), _) => Self::Fault(fault),
                // h3 loses the reason.
                (None, Some(reason)) => Self::of_close(reason),
                (None, None) => Self::Closed { code: None, reason: other.to_string() },
            },
        }
    }

    fn of_close(reason: quinn::ConnectionError) -> Self {
        match reason {
            quinn::ConnectionError::TimedOut => Self::TimedOut,
            quinn::ConnectionError::ApplicationClosed(close) => {
                Self::Closed { code: Some(close.error_code.into_inner()), reason: close.to_string() }
            }
            other => Self::Closed { code: None, reason: other.to_string() },
        }
    }
}

/// The fault for which this side has closed the connection, if any.
fn fault(error: &ConnectionError) -> Option<Fault> {
    match error {
        ConnectionError::Remote(ConnectionErrorIncoming::Undefined(error)) => error.downcast_ref().cloned(),
        _ => None,
    }
}

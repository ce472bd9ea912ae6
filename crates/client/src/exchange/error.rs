use crate::{ConnectError, Cut, ErrorCode, TlsError};

/// Why there is no response.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The request can't be sent, for example because its URL is not supported. The trouble is on this side.
    #[error("{0}")]
    Request(String),
    /// The request's body failed, or is not what its header section announces. The trouble is on this side.
    #[error("{0}")]
    RequestBody(String),
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

impl Error {
    /// Whether the server has certainly not processed the request, because it refused the stream or is shutting down.
    /// Such a request can be sent again with any method ([RFC 9113 §8.7](https://www.rfc-editor.org/rfc/rfc9113#section-8.7),
    /// [RFC 9114 §4.1.1](https://www.rfc-editor.org/rfc/rfc9114#section-4.1.1)). The client does that once by itself if the
    /// body is empty.
    #[must_use]
    pub fn is_unprocessed(&self) -> bool {
        // With NO_ERROR, GOAWAY ends only the streams that it leaves out.
        match self {
            Self::NoResponse(Cut::Reset { code }) => [REFUSED_STREAM, H3_REQUEST_REJECTED].contains(code),
            Self::NoResponse(Cut::GoAway { code }) => *code == NO_ERROR,
            _ => false,
        }
    }
}

/// [RFC 9113 §7](https://www.rfc-editor.org/rfc/rfc9113#section-7).
const NO_ERROR: ErrorCode = ErrorCode::Http2(0x0);
const REFUSED_STREAM: ErrorCode = ErrorCode::Http2(0x7);

/// [RFC 9114 §8.1](https://www.rfc-editor.org/rfc/rfc9114#section-8.1).
const H3_REQUEST_REJECTED: ErrorCode = ErrorCode::Http3(0x10b);

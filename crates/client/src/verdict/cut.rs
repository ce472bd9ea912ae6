use std::{error::Error, io, time::Duration};

/// How a transfer ended early.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Cut {
    /// The server reset the stream ([RFC 9113 §8.1](https://www.rfc-editor.org/rfc/rfc9113#section-8.1)).
    #[error("the server reset the stream with {}", code_name(*.code))]
    Reset {
        /// The error code.
        code: u32,
    },
    /// The server ended the HTTP/2 connection with GOAWAY.
    #[error("the server ended the connection with {}", code_name(*.code))]
    GoAway {
        /// The error code.
        code: u32,
    },
    /// The connection was closed before the end of the message.
    #[error("the connection was closed before the end of the message")]
    Closed,
    /// Less content arrived than `Content-Length` announces, in bytes.
    #[error("{received} of {expected} bytes arrived")]
    Short {
        /// The announced number of bytes.
        expected: u64,
        /// The number of bytes that arrived.
        received: u64,
    },
    /// More content arrived than `Content-Length` announces, in bytes.
    #[error("more than the announced {expected} bytes arrived")]
    Long {
        /// The announced number of bytes.
        expected: u64,
    },
    /// No byte arrived for this long.
    #[error("no byte arrived for {} s", .0.as_secs_f64())]
    Stalled(Duration),
    /// The transfer took longer than its total time.
    #[error("the transfer was not complete after {} s", .0.as_secs_f64())]
    TimedOut(Duration),
    /// Only the end of the connection delimits the content, and a cut would look the same
    /// ([RFC 9112 §8](https://www.rfc-editor.org/rfc/rfc9112#section-8)).
    #[error("only the end of the connection ended the content, which may be incomplete")]
    EndUnknown,
    /// The rest of the message is malformed, or larger than its bound.
    #[error("the message is malformed: {0}")]
    Malformed(String),
    /// Another error of the body or of the connection.
    #[error("{0}")]
    Failed(String),
}

impl Cut {
    /// Classifies the error of a body or of a request.
    pub(crate) fn of(error: &(dyn Error + 'static)) -> Self {
        let mut next = Some(error);
        let mut last = error.to_string();
        while let Some(error) = next {
            if let Some(cut) = error.downcast_ref::<Self>() {
                return cut.clone();
            }
            if let Some(error) = error.downcast_ref::<h2::Error>()
                && let Some(reason) = error.reason().filter(|_| error.is_remote())
            {
                let code = reason.into();
                return if error.is_go_away() { Self::GoAway { code } } else { Self::Reset { code } };
            }
            if let Some(error) = error.downcast_ref::<hyper::Error>()
                && (error.is_incomplete_message() || error.is_closed())
            {
                return Self::Closed;
            }
            if let Some(error) = error.downcast_ref::<io::Error>()
                && matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset)
            {
                return Self::Closed;
            }
            last = error.to_string();
            next = error.source();
        }
        Self::Failed(last)
    }
}

fn code_name(code: u32) -> String {
    format!("{:?}", h2::Reason::from(code))
}

use super::Printable;
use axum_trailers::trailers::{STREAM_ERROR, StreamError};
use http::{HeaderMap, HeaderName, HeaderValue};
use std::fmt;

/// A failure that the sender reports in a complete message.
///
/// Its fields contain what the sender sent: they may contain control characters. `Display` escapes them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SenderFailure {
    /// The field that reports it: `grpc-status` or [`STREAM_ERROR`].
    pub field: HeaderName,
    /// Its value. Several lines are joined with commas.
    pub value: String,
    /// The text for people, percent-decoded: `grpc-message`, or the value of [`STREAM_ERROR`].
    pub message: Option<String>,
}

pub(crate) const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
const GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");

impl SenderFailure {
    /// The failures that a section reports.
    ///
    /// A `grpc-status` other than a single `0` is one, even if it is malformed
    /// ([gRPC over HTTP/2](https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#responses)).
    pub(crate) fn all_in(section: &HeaderMap) -> Vec<Self> {
        let grpc = lines(section, &GRPC_STATUS).filter(|status| status != b"0").map(|status| Self {
            field: GRPC_STATUS,
            value: String::from_utf8_lossy(&status).into_owned(),
            message: lines(section, &GRPC_MESSAGE).map(|message| StreamError::decode(&message)),
        });
        let stream = lines(section, &STREAM_ERROR).filter(|value| !value.is_empty()).map(|value| Self {
            field: STREAM_ERROR,
            value: String::from_utf8_lossy(&value).into_owned(),
            message: Some(StreamError::decode(&value)),
        });
        grpc.into_iter().chain(stream).collect()
    }
}

/// The values of a field, joined with commas.
fn lines(section: &HeaderMap, name: &HeaderName) -> Option<Vec<u8>> {
    let lines: Vec<_> = section.get_all(name).iter().map(HeaderValue::as_bytes).collect();
    (!lines.is_empty()).then(|| lines.join(&b", "[..]))
}

impl fmt::Display for SenderFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.field == STREAM_ERROR {
            return write!(f, "{}: {}", self.field, Printable(self.message.as_ref().unwrap_or(&self.value)));
        }
        write!(f, "{} {}", self.field, Printable(&self.value))?;
        if let Some(name) = grpc_code_name(&self.value) {
            write!(f, " ({name})")?;
        }
        match &self.message {
            Some(message) if !message.is_empty() => write!(f, ": {}", Printable(message)),
            _ => Ok(()),
        }
    }
}

/// The name of a gRPC status code ([Status codes](https://grpc.io/docs/guides/status-codes/)).
fn grpc_code_name(value: &str) -> Option<&'static str> {
    const NAMES: [&str; 17] = [
        "OK",
        "CANCELLED",
        "UNKNOWN",
        "INVALID_ARGUMENT",
        "DEADLINE_EXCEEDED",
        "NOT_FOUND",
        "ALREADY_EXISTS",
        "PERMISSION_DENIED",
        "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION",
        "ABORTED",
        "OUT_OF_RANGE",
        "UNIMPLEMENTED",
        "INTERNAL",
        "UNAVAILABLE",
        "DATA_LOSS",
        "UNAUTHENTICATED",
    ];
    (0..NAMES.len()).find(|code| code.to_string() == value).map(|code| NAMES[code])
}

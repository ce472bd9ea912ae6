use axum_trailers::trailers::STREAM_ERROR;
use http::{HeaderMap, HeaderName};

/// A failure that the sender reports in a complete message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {value}")]
#[non_exhaustive]
pub struct SenderFailure {
    /// The field that reports it: `grpc-status` or [`STREAM_ERROR`].
    pub field: HeaderName,
    /// Its value.
    pub value: String,
    /// The text for people, decoded: `grpc-message`, or the value of [`STREAM_ERROR`].
    pub message: Option<String>,
}

const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");

impl SenderFailure {
    /// The failure that a section reports.
    pub(crate) fn read(section: &HeaderMap) -> Option<Self> {
        let field = [GRPC_STATUS, STREAM_ERROR].into_iter().find(|name| match section.get(name) {
            Some(value) if *name == GRPC_STATUS => value != "0",
            Some(value) => !value.is_empty(),
            None => false,
        })?;
        let value = String::from_utf8_lossy(section[&field].as_bytes()).into_owned();
        Some(Self { field, value, message: None })
    }
}

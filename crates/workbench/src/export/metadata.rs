use crate::{
    grpc_status::{self, GRPC_MESSAGE, GRPC_STATUS},
    json::milliseconds,
};
use axum_trailers::{
    digest::{CONTENT_DIGEST, Digest},
    layers::server_timing::Metric,
    trailers::{Declared, TrailerError, Trailers},
};
use http::HeaderName;
use serde_json::{Map, Value, json};
use std::{fmt, time::Duration};

const X_ROW_COUNT: HeaderName = HeaderName::from_static("x-row-count");
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// Data about an export that is known only at its end.
#[derive(Clone, Debug)]
pub(super) struct Metadata {
    pub(super) rows: u64,
    pub(super) digest: Option<Digest>,
    pub(super) db: Duration,
    pub(super) render: Duration,
    pub(super) total: Duration,
}

impl Metadata {
    pub(super) fn declared(has_digest: bool) -> Declared {
        let names = [Some(X_ROW_COUNT), has_digest.then_some(CONTENT_DIGEST), Some(SERVER_TIMING)];
        Declared::new(names.into_iter().flatten()).expect("permitted fields")
    }

    pub(super) fn trailers(&self) -> Result<Trailers, TrailerError> {
        let mut trailers = Trailers::new();
        trailers.insert(X_ROW_COUNT, self.rows)?;
        if let Some(digest) = &self.digest {
            trailers.insert(CONTENT_DIGEST, digest.to_field_value())?;
        }
        let metrics = [("db", self.db), ("render", self.render), ("total", self.total)];
        let metrics = metrics.map(|(name, duration)| Metric::new(name).duration(duration).to_string());
        trailers.insert(SERVER_TIMING, metrics.join(", "))?;
        Ok(trailers)
    }

    /// As a member of a JSON document.
    pub(super) fn to_json(&self) -> Value {
        json!({
            "checksum": self.digest.as_ref().map(ToString::to_string),
            "processedRows": self.rows,
            "durationMs": milliseconds(self.total),
        })
    }
}

/// The database was lost in the middle of an export.
#[derive(Debug)]
pub(super) struct DatabaseLost {
    /// The row that could not be read, counted from 1.
    pub(super) row: u64,
    /// Why, or `None` for a simulated failure.
    pub(super) cause: Option<String>,
}

impl DatabaseLost {
    pub(super) fn declared() -> Declared {
        Declared::new([GRPC_STATUS, GRPC_MESSAGE]).expect("permitted fields")
    }

    pub(super) fn trailers(&self) -> Result<Trailers, TrailerError> {
        status(grpc_status::INTERNAL, &self.to_string())
    }

    /// Logs the failure. One that the client requested is no warning.
    pub(super) fn log(&self, table: &str, id: &str) {
        if self.cause.is_some() {
            tracing::warn!(table, id, reason = %self, "export failed");
        } else {
            tracing::info!(table, id, reason = %self, "simulated export failure");
        }
    }
}

impl fmt::Display for DatabaseLost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Database connection lost at row {}", self.row)?;
        self.cause.as_ref().map_or(Ok(()), |cause| write!(f, ": {cause}"))
    }
}

impl std::error::Error for DatabaseLost {}

/// Trailers with a gRPC status.
pub(super) fn status(code: u8, message: &str) -> Result<Trailers, TrailerError> {
    let mut trailers = Trailers::new();
    trailers.insert(GRPC_STATUS, u16::from(code))?;
    trailers.insert(GRPC_MESSAGE, grpc_status::percent_encoded(message))?;
    Ok(trailers)
}

/// Trailers as a JSON object, for clients that can't read trailers.
pub(super) fn trailers_to_json(trailers: &Trailers) -> Value {
    let fields = trailers.as_map().iter();
    let members: Map<_, _> = fields
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into()))
        .collect();
    Value::Object(members)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reason_is_percent_encoded_where_it_is_no_printable_ascii() {
        let lost = DatabaseLost { row: 7, cause: Some("no such table: ä\n".to_owned()) };
        let trailers = lost.trailers().expect("permitted").into_map();
        assert_eq!(trailers[GRPC_STATUS.as_str()], "13");
        assert_eq!(
            trailers[GRPC_MESSAGE.as_str()],
            "Database connection lost at row 7: no such table: %C3%A4%0A"
        );
    }
}

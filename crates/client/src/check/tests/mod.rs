//! What the questions make of the two ends of a probe.

mod judged;
mod summary;

use super::{
    path::Sent,
    record::Recorded,
    sighting::{Seen, Sighting},
};
use crate::verdict::{Cut, Verdict};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Version};
use serde_json::{Value, json};
use std::time::Duration;

/// A response that the client received.
pub(super) struct Response(Sighting);

impl Response {
    pub(super) fn new(status: u16) -> Self {
        Self(Sighting {
            status: StatusCode::from_u16(status).expect("a status"),
            version: Version::HTTP_2,
            headers: HeaderMap::new(),
            content: Vec::new(),
            trailers: None,
            verdicts: vec![Verdict::Unverified],
            span: Duration::ZERO,
        })
    }

    pub(super) fn content(mut self, content: &str) -> Self {
        self.0.content = content.into();
        self
    }

    pub(super) fn header(mut self, name: &'static str, value: &str) -> Self {
        append(&mut self.0.headers, name, value);
        self
    }

    pub(super) fn trailer(mut self, name: &'static str, value: &str) -> Self {
        append(self.0.trailers.get_or_insert_default(), name, value);
        self
    }

    pub(super) fn verdict(mut self, verdict: Verdict) -> Self {
        self.0.verdicts = vec![verdict];
        self
    }

    pub(super) fn cut(self) -> Self {
        self.verdict(Verdict::Cut(Cut::Closed))
    }

    pub(super) fn seen(self) -> Seen {
        Seen::Response(Box::new(self.0))
    }

    /// With the origin's record of it.
    pub(super) fn with(self, record: &Value) -> Sent {
        Sent { seen: self.seen(), recorded: recorded(record) }
    }
}

/// The answer of the origin with this record.
pub(super) fn recorded(record: &Value) -> Recorded {
    Recorded::read(StatusCode::OK, record.to_string().as_bytes())
}

fn append(fields: &mut HeaderMap, name: &'static str, value: &str) {
    fields.append(HeaderName::from_static(name), HeaderValue::from_str(value).expect("a value"));
}

/// A record of a request over this protocol, with `TE` if it has a value, and of a response of 3 bytes with these trailers.
pub(super) fn record(protocol: &str, te: &[&str], trailers: &[(&str, &str)]) -> Value {
    json!({
        "state": "complete",
        "status": 200,
        "fields": [],
        "data": { "bytes": 3, "pieces": 1, "first": [[0.1, 3]], "last": [] },
        "trailers": trailers,
        "withheld": null,
        "request": {
            "state": "complete",
            "protocol": protocol,
            "te": te,
            "headers": [],
            "trailers": [],
            "content": { "bytes": 0 },
        },
    })
}

use super::body::Incoming;
use http::{
    HeaderMap, HeaderName, Method, Request, StatusCode,
    header::{CONNECTION, TRANSFER_ENCODING, UPGRADE, VIA},
    request::Parts,
};
use std::io;

/// How a message was broken off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::support) enum Broken {
    /// By a reset of the stream or the connection, or a TLS alert.
    Reset,
    /// By the end of the connection.
    Close,
    /// By an end before all of the announced length.
    Short,
}

impl Broken {
    pub(super) fn of_http1(error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::UnexpectedEof { Self::Close } else { Self::Reset }
    }

    pub(super) fn of_http2(error: &h2::Error) -> Self {
        // h2 compares the length itself.
        let is_short = error.is_library() && error.reason() == Some(h2::Reason::PROTOCOL_ERROR);
        match () {
            () if is_short => Self::Short,
            () if error.is_reset() => Self::Reset,
            () => Self::Close,
        }
    }
}

/// What the rest of an exchange needs of a request.
pub(super) struct Asked {
    pub(super) method: Method,
    pub(super) accepts_gzip: bool,
    /// Whether it asks the workbench for pauses.
    pub(super) is_slow: bool,
}

impl Asked {
    pub(super) fn of(request: &Parts) -> Self {
        let has = |name, value| has(&request.headers, name, value);
        Self {
            method: request.method.clone(),
            accepts_gzip: has("accept-encoding", "gzip"),
            is_slow: request.uri.query().is_some_and(|query| query.contains("delay=")),
        }
    }

    /// Whether a response with this status has content.
    pub(super) fn has_content(&self, status: StatusCode) -> bool {
        self.method != Method::HEAD && status != StatusCode::NO_CONTENT && status != StatusCode::NOT_MODIFIED
    }
}

pub(super) type Asking = Request<Incoming>;

pub(super) fn is_grpc(fields: &HeaderMap) -> bool {
    has(fields, "content-type", "application/grpc")
}

pub(super) fn has(fields: &HeaderMap, name: &str, part: &str) -> bool {
    fields.get_all(name).iter().any(|value| String::from_utf8_lossy(value.as_bytes()).contains(part))
}

/// Removes the fields that belong to one connection, except `TE` and `Trailer`.
pub(super) fn remove_connection_fields(fields: &mut HeaderMap) {
    for name in [CONNECTION, TRANSFER_ENCODING, UPGRADE] {
        fields.remove(name);
    }
    fields.remove("keep-alive");
}

/// Adds the proxy to `Via` ([RFC 9110 §7.6.3](https://www.rfc-editor.org/rfc/rfc9110#section-7.6.3)).
pub(super) fn add_via(fields: &mut HeaderMap, version: http::Version, name: &str) {
    let protocol = if version == http::Version::HTTP_2 { "2.0" } else { "1.1" };
    fields.append(VIA, format!("{protocol} {name}").parse().expect("a short name"));
}

/// Adds fields to others, which stay.
pub(super) fn append(fields: &mut HeaderMap, more: HeaderMap) {
    // Only the first of repeated fields has its name with it.
    let mut name = None;
    for (next, value) in more {
        name = next.or(name);
        fields.append(name.clone().expect("the first has its name"), value);
    }
}

/// Joins fields of the same name with commas.
pub(super) fn joined(fields: &HeaderMap) -> HeaderMap {
    let names: Vec<HeaderName> = fields.keys().cloned().collect();
    let values = names.iter().map(|name| {
        let values: Vec<_> = fields.get_all(name).iter().map(http::HeaderValue::as_bytes).collect();
        values.join(&b", "[..]).as_slice().try_into().expect("values of fields")
    });
    names.iter().cloned().zip(values).collect()
}

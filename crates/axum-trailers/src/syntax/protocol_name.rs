use crate::compat::ProtocolVersion;
use http::Version;

/// The name of a protocol version, for logs and metrics: `HTTP/1.1`, `HTTP/2`. HTTP/2 and HTTP/3 have no minor versions
/// ([RFC 9110 §2.5](https://www.rfc-editor.org/rfc/rfc9110#section-2.5)).
#[must_use]
pub fn protocol_name(version: impl ProtocolVersion) -> &'static str {
    match version.into_version() {
        Version::HTTP_09 => "HTTP/0.9",
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_11 => "HTTP/1.1",
        Version::HTTP_2 => "HTTP/2",
        Version::HTTP_3 => "HTTP/3",
        _ => "unknown",
    }
}

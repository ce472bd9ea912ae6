use http::Version;

/// A protocol as the log, the metrics and the workbench name it: the minor version of HTTP/2 is no longer a part of its
/// name ([RFC 9113 §3.1](https://www.rfc-editor.org/rfc/rfc9113#section-3.1)).
pub(crate) fn protocol_name(version: Version) -> &'static str {
    match version {
        Version::HTTP_09 => "HTTP/0.9",
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_11 => "HTTP/1.1",
        Version::HTTP_2 => "HTTP/2",
        Version::HTTP_3 => "HTTP/3",
        _ => "unknown",
    }
}

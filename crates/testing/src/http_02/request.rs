use http_02::{Request, Version, header, request::Builder};

/// A request over HTTP/1.1 with `TE: trailers`, without which a response over HTTP/1.1 has no trailers
/// ([RFC 9110 §10.1.4](https://www.rfc-editor.org/rfc/rfc9110#section-10.1.4)).
pub fn request_with_te() -> Builder {
    Request::builder().version(Version::HTTP_11).header(header::TE, "trailers")
}

use http::HeaderMap;

/// Trailers to send in a request although HTTP does not permit them there, or without an announcement, to test a server.
/// Insert it into the request's extensions.
///
/// They follow the trailers of the body. Over HTTP/1.1 the body is sent in chunks. HTTP/2 can't carry the fields of a
/// connection, such as `transfer-encoding`: then the request fails.
///
/// ```
/// use axum_trailers_client::UncheckedTrailers;
/// use http::{HeaderMap, HeaderValue};
///
/// let mut trailers = HeaderMap::new();
/// trailers.insert("content-length", HeaderValue::from_static("5"));
/// let request = http::Request::post("http://localhost:3000/").extension(UncheckedTrailers::new(trailers)).body(());
/// ```
#[derive(Clone, Debug, Default)]
pub struct UncheckedTrailers(HeaderMap);

impl UncheckedTrailers {
    /// These trailers.
    #[must_use]
    pub fn new(trailers: HeaderMap) -> Self {
        Self(trailers)
    }

    pub(crate) fn into_map(self) -> HeaderMap {
        self.0
    }
}

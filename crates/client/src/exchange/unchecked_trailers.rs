use http::HeaderMap;

/// Trailers to send in a request although HTTP does not permit them, or without an announcement, to test a server. Insert
/// it into the request's extensions.
///
/// They follow the trailers of the body. The body must not have a known length over HTTP/1.1.
#[derive(Clone, Debug, Default)]
pub struct UncheckedTrailers(pub HeaderMap);

use axum::response::Response;
use http_02::{HeaderValue, header};

/// Prevents a file from acting as a page of this origin, which the workbench's own page shares: its type is not
/// sniffed, and it runs no scripts ([Content Security Policy §6.4](https://www.w3.org/TR/CSP3/#directive-sandbox)).
pub(crate) async fn isolated(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox"));
    response
}

use axum::response::Response;
use http::{HeaderValue, header};

/// Keeps a file from acting as a page of this origin, which the workbench's own page has too: it is of the type that it has,
/// and runs no script ([Content Security Policy §6.4](https://www.w3.org/TR/CSP3/#directive-sandbox)).
pub(crate) async fn isolated(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox"));
    response
}

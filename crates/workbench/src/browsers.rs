use super::accept;
use axum::{
    body::Body,
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use http_02::{HeaderValue, Request, header};

/// Redirects clients whose `Accept` prefers HTML, such as browsers, to the page at `/ui`.
///
/// The status is 303: the page is another resource that describes this one
/// ([RFC 9110 §15.4.4](https://www.rfc-editor.org/rfc/rfc9110#section-15.4.4)). 302 and 307 mean that this resource
/// temporarily has another address.
pub(super) async fn redirect_to_page(request: Request<Body>, next: Next<Body>) -> Response {
    let offered = [("text/plain", false), ("text/html", true)];
    let mut response = match accept::preferred(request.headers(), &offered) {
        Some(true) => Redirect::to("/ui").into_response(),
        // A client that accepts neither gets the normal response.
        Some(false) | None => next.run(request).await,
    };
    let fields = response.headers_mut();
    fields.insert(header::VARY, HeaderValue::from_static("accept"));
    // A response from a cache would have no pause, and usually no trailer.
    fields.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

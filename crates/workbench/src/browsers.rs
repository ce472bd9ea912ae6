use super::accept;
use axum::{
    body::Body,
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use http::{HeaderValue, Request, header};

/// Redirects a client to the page at `/ui` if its `Accept` prefers HTML, as that of a browser does.
///
/// The status is 303: the page is another resource that describes this one
/// ([RFC 9110 §15.4.4](https://www.rfc-editor.org/rfc/rfc9110#section-15.4.4)). 302 and 307 mean that this resource has
/// another address for now.
pub(super) async fn redirect_to_page(request: Request<Body>, next: Next<Body>) -> Response {
    let offered = [("text/plain", false), ("text/html", true)];
    let mut response = match accept::preferred(request.headers(), &offered) {
        Some(true) => Redirect::to("/ui").into_response(),
        // A client that takes neither gets what it asked for.
        Some(false) | None => next.run(request).await,
    };
    let fields = response.headers_mut();
    fields.insert(header::VARY, HeaderValue::from_static("accept"));
    // From a cache there would be no pause, and from most no trailer.
    fields.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

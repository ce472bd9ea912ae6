// is not a request of an enabled version of `http` with a body of `Bytes`
// `http` 1 always works; `http` 0.2 (axum 0.6) needs the feature `axum-06` of axum-trailers

use axum_06::{body::Body, http::Request};
use axum_trailers::request::RequestBody;

fn main() {
    let _ = RequestBody::new(Request::new(Body::empty()));
}

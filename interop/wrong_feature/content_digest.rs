// is not a request of an enabled version of `http`
// `http` 1 always works; `http` 0.2 (axum 0.6) needs the feature `axum-06` of axum-trailers
// is not a response of an enabled version of `http` with a body of `Bytes`
// `http` 1 always works; `http` 0.2 (axum 0.6) needs the feature `axum-06` of axum-trailers

use axum_06::{Router, routing::get};
use axum_trailers::layers::ContentDigestLayer;

fn main() {
    let _: Router = Router::new().route("/", get(|| async { "hello" })).layer(ContentDigestLayer::new());
}

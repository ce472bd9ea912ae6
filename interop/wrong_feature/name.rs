// can't be used as a field name
// use `&str`, `String` or `http::HeaderName`; for `http` 0.2's `HeaderName` enable the feature `axum-06` of axum-trailers

use axum_06::http::HeaderName;
use axum_trailers::trailers::Trailers;

fn main() {
    let mut trailers = Trailers::new();
    trailers.insert(HeaderName::from_static("x-rows"), 1).expect("a permitted field");
}

// can't be used as a field value
// use `&str`, `String`, an integer or `http::HeaderValue`; for `http` 0.2's `HeaderValue` enable the feature `axum-06` of axum-trailers

use axum_06::http::HeaderValue;
use axum_trailers::trailers::Trailers;

fn main() {
    let mut trailers = Trailers::new();
    trailers.insert("x-rows", HeaderValue::from_static("1")).expect("a permitted field");
}

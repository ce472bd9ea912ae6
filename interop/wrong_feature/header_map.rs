// is not a `HeaderMap` of an enabled version of `http`
// `http` 1 always works; `http` 0.2 (axum 0.6) needs the feature `axum-06` of axum-trailers

use axum_06::http::HeaderMap;
use axum_trailers::trailers::Declared;

fn main() {
    let _ = Declared::read(&HeaderMap::new());
}

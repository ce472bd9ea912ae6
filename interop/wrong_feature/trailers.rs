// can't be used as trailers
// use `Trailers` or `http::HeaderMap`; for `http` 0.2's `HeaderMap` enable the feature `axum-06` of axum-trailers

use axum_06::http::{HeaderMap, HeaderValue};
use axum_trailers::body::StreamBody;
use futures_util::stream;

fn main() {
    let mut trailers = HeaderMap::new();
    trailers.insert("x-rows", HeaderValue::from_static("1"));
    let mut body = StreamBody::new(stream::iter([Ok::<_, std::io::Error>("hello")]));
    body.set_trailers(trailers).expect("a permitted field");
}

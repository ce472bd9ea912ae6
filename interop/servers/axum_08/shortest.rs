//! A response with a trailer.

use axum::{
    Router,
    body::{Body, Bytes},
    http::HeaderMap,
    routing::get,
};
use futures_util::stream;
use http_body::Frame;
use http_body_util::StreamBody;
use std::{env, io};

async fn hello() -> ([(&'static str, &'static str); 1], Body) {
    let mut trailers = HeaderMap::new();
    trailers.insert("x-sum", "1".parse().expect("a valid value"));
    let frames = [Frame::data(Bytes::from("hello\n")), Frame::trailers(trailers)];
    let body = StreamBody::new(stream::iter(frames.map(Ok::<_, io::Error>)));
    ([("trailer", "x-sum")], Body::new(body))
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let address = env::args().nth(1).unwrap_or("localhost:8080".into());
    let listener = tokio::net::TcpListener::bind(address).await?;
    axum::serve(listener, Router::new().route("/", get(hello))).await
}

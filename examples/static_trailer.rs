//! One trailer with a fixed value, after a streamed body.
//!
//! ```text
//! cargo run -p axum-trailers-examples --bin static_trailer
//! curl -v --http2-prior-knowledge http://localhost:3000/
//! curl -i --http1.1 -H 'TE: trailers' http://localhost:3000/
//! ```

use axum::{Router, response::IntoResponse, routing::get};
use axum_trailers::body::StreamBody;
use futures_util::stream;
use http::{HeaderMap, HeaderValue};
use std::{convert::Infallible, error::Error};
use tokio::net::TcpListener;

async fn greeting() -> impl IntoResponse {
    let chunks = stream::iter(["hello\n", "world\n"].map(Ok::<_, Infallible>));

    let mut trailers = HeaderMap::new();
    trailers.insert("chunky-trailer", HeaderValue::from_static("foo"));
    let mut body = StreamBody::new(chunks);
    body.set_trailers(trailers).expect("a permitted field");
    body
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let app = Router::new().route("/", get(greeting));

    let address = std::env::args().nth(1).unwrap_or_else(|| "localhost:3000".to_owned());
    let listener = TcpListener::bind(address).await?;
    println!("http://{}", listener.local_addr()?);
    axum::serve(listener, app).await?;
    Ok(())
}

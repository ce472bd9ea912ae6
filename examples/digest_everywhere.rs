//! A digest after every response of an application, compressed or not.
//!
//! ```text
//! cargo run -p axum-trailers-examples --bin digest_everywhere
//! curl -v --http2-prior-knowledge -H 'Want-Content-Digest: sha-512=10' http://localhost:3000/hello
//! curl -i --http1.1 -H 'TE: trailers' -H 'Want-Content-Digest: sha-512=10' http://localhost:3000/hello
//! ```

use axum::{Json, Router, routing::get};
use axum_trailers::layers::ContentDigestLayer;
use std::error::Error;
use tokio::net::TcpListener;
use tower_http::compression::CompressionLayer;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let app = Router::new()
        .route("/hello", get(|| async { "hello\n" }))
        .route("/numbers", get(|| async { Json((1..1000).collect::<Vec<_>>()) }))
        .layer(CompressionLayer::new())
        // Outside of compression, so the digest covers the bytes that are sent. Clients without trailers get the digest
        // of small responses in the header section.
        .layer(ContentDigestLayer::or_buffered(64 * 1024));

    let address = std::env::args().nth(1).unwrap_or_else(|| "localhost:3000".to_owned());
    let listener = TcpListener::bind(address).await?;
    println!("http://{}", listener.local_addr()?);
    axum::serve(listener, app).await?;
    Ok(())
}

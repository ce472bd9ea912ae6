//! A digest after every response of an application, compressed or not.
//!
//! ```text
//! cargo run --example digest_everywhere
//! curl -v -k -H 'Want-Content-Digest: sha-512=10' https://localhost:3000/hello
//! ```

use axum::{Json, Router, routing::get};
use axum_trailers::layers::ContentDigestLayer;
use axum_trailers_server::{Server, Tls};
use std::error::Error;
use tower_http::compression::CompressionLayer;

const CERTIFICATE: &[u8] = include_bytes!("../self_signed_certs/cert.pem");
const KEY: &[u8] = include_bytes!("../self_signed_certs/key.pem");

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
    let server = Server::new(Tls::from_pem(CERTIFICATE, KEY)?).bind(address)?;
    for address in server.local_addrs() {
        println!("https://{address}");
    }
    server.run(app).await?;
    Ok(())
}

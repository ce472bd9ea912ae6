//! A user's own axum 0.6 application with trailers: rows from a producer task, then their number and a digest.
//!
//! ```text
//! cargo run --example rows
//! curl -v -k https://localhost:3000/rows
//! ```

use axum::{Router, response::IntoResponse, routing::get};
use axum_trailers::{
    body::{self, Sender},
    layers::ContentDigestLayer,
    server::{Server, Tls},
    trailers::{Declared, Trailers},
};
use std::error::Error;

const CERTIFICATE: &[u8] = include_bytes!("../self_signed_certs/cert.pem");
const KEY: &[u8] = include_bytes!("../self_signed_certs/key.pem");

async fn rows() -> impl IntoResponse {
    let declared = Declared::new(["x-row-count"]).expect("a permitted field");
    let (sender, body) = body::channel(64 * 1024, declared);
    tokio::spawn(async move {
        if let Err(error) = produce(sender).await {
            eprintln!("the rows did not end well: {error}");
        }
    });
    body
}

async fn produce(mut sender: Sender) -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut count = 0;
    for row in ["first\n", "second\n", "third\n"] {
        sender.send(row).await?;
        count += 1;
    }
    let mut trailers = Trailers::new();
    trailers.insert("x-row-count", count)?;
    sender.finish(trailers)?;
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let app = Router::new().route("/rows", get(rows)).layer(ContentDigestLayer::new());

    let tls = Tls::from_pem(CERTIFICATE, KEY)?;
    Server::new(tls).bind("localhost:3000")?.run(app).await?;
    Ok(())
}

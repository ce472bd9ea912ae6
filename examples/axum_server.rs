//! Rows from a producer task over TLS on axum-server, followed by their count, timings and a digest.
//!
//! ```text
//! cargo run -p axum-trailers-examples --bin axum_server
//! curl -v -k --no-buffer https://localhost:3000/rows
//! curl -i -k --no-buffer --http1.1 -H 'TE: trailers' https://localhost:3000/rows
//! ```

use axum::{Router, response::IntoResponse, routing::get};
use axum_server::{accept::NoDelayAcceptor, tls_rustls::RustlsConfig};
use axum_trailers::{
    BoxError,
    body::{self, Sender},
    declared,
    layers::{ContentDigestLayer, ServerTimingLayer},
    trailers::Trailers,
};
use std::{error::Error, net::TcpListener};

const CERTIFICATE: &[u8] = include_bytes!("../self_signed_certs/cert.pem");
const KEY: &[u8] = include_bytes!("../self_signed_certs/key.pem");

async fn rows() -> impl IntoResponse {
    let (sender, body) = body::channel(64 * 1024, declared!["x-row-count"]);
    tokio::spawn(async move {
        if let Err(error) = produce(sender).await {
            eprintln!("the rows did not end well: {error}");
        }
    });
    body
}

async fn produce(mut sender: Sender) -> Result<(), BoxError> {
    let mut count = 0;
    for id in 1..=3 {
        sender.send(format!("row {id}\n")).await?; // waits for room; an error once the client is gone
        count += 1;
    }
    let mut trailers = Trailers::new();
    trailers.insert("x-row-count", count)?;
    sender.finish(trailers)?; // without it the client sees a cut transfer
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let app = Router::new()
        .route("/rows", get(rows))
        // What is known of the timings at the start is also a header field, for browsers.
        .layer(ServerTimingLayer::or_header())
        .layer(ContentDigestLayer::new());

    let address = std::env::args().nth(1).unwrap_or_else(|| "localhost:3000".to_owned());
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    println!("https://{}", listener.local_addr()?);
    let tls = RustlsConfig::from_pem(CERTIFICATE.to_vec(), KEY.to_vec()).await?;
    axum_server::from_tcp_rustls(listener, tls)?
        // Small chunks are sent at once.
        .map(|acceptor| acceptor.acceptor(NoDelayAcceptor::new()))
        .serve(app.into_make_service())
        .await?;
    Ok(())
}

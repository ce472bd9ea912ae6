//! A gRPC service of tonic next to routes with a digest, on one port: here tonic-health's; mount your own in the same way.
//!
//! ```text
//! cargo run -p axum-trailers-examples --bin grpc
//! curl -v --http2-prior-knowledge -H 'content-type: application/grpc' -H 'te: trailers' --data-binary @<(printf '\0\0\0\0\0') -o - http://localhost:3000/grpc.health.v1.Health/Check
//! curl -i --http1.1 -H 'TE: trailers' http://localhost:3000/
//! ```

use axum::{Router, routing::get};
use axum_trailers::layers::ContentDigestLayer;
use std::error::Error;
use tokio::net::TcpListener;
use tonic_health::{pb::health_server, server::health_reporter};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (_reporter, health) = health_reporter();
    let app = Router::new()
        .route("/", get(|| async { "hello\n" }))
        .layer(ContentDigestLayer::new())
        // After the layer, which wraps only the routes before it.
        .route_service(&format!("/{}/{{method}}", health_server::SERVICE_NAME), health);

    let address = std::env::args().nth(1).unwrap_or_else(|| "localhost:3000".to_owned());
    let listener = TcpListener::bind(address).await?;
    println!("http://{}", listener.local_addr()?);
    axum::serve(listener, app).await?;
    Ok(())
}

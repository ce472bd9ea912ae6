//! A gRPC service next to an axum 0.6 router on one port: here tonic-health's; mount your own in the same way.
//!
//! ```text
//! cargo run --example grpc_axum_06
//! curl -v -k -H 'content-type: application/grpc' -H 'te: trailers' --data-binary @<(printf '\0\0\0\0\0') -o - https://localhost:3000/grpc.health.v1.Health/Check
//! ```

use axum::{Router, routing::get};
use axum_trailers_server::{Axum06, Server, Tls};
use std::error::Error;
use tonic_health::{pb::health_server, server::health_reporter};

const CERTIFICATE: &[u8] = include_bytes!("../../self_signed_certs/cert.pem");
const KEY: &[u8] = include_bytes!("../../self_signed_certs/key.pem");

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let app = Router::new().route("/", get(|| async { "hello\n" }));
    let (_reporter, health) = health_reporter();

    let address = std::env::args().nth(1).unwrap_or_else(|| "localhost:3000".to_owned());
    let server = Server::new().tls(Tls::from_pem(CERTIFICATE, KEY)?).bind(address)?;
    for address in server.local_addrs() {
        println!("https://{address}");
    }
    server.grpc(health_server::SERVICE_NAME, health).run(Axum06(app)).await?;
    Ok(())
}

//! The application of `axum_0_8` over HTTP/3: axum-h3, on the crates h3, h3-quinn and quinn with their defaults.

use anyhow::{Result, anyhow};
use axum_h3::H3Router;
use axum_trailers_bench_peers::{listen::Listen, router::router, tls};
use clap::Parser;
use h3_util::quinn::H3QuinnAcceptor;
use quinn::Endpoint;

/// axum 0.8 on axum-h3.
#[derive(Parser)]
struct Args {
    #[command(flatten)]
    listen: Listen,
}

#[tokio::main]
async fn main() -> Result<()> {
    let args = Args::parse();
    let endpoint = Endpoint::server(tls::quic(&args.listen)?, args.listen.listen)?;
    H3Router::new(router()).serve(H3QuinnAcceptor::new(endpoint)).await.map_err(|error| anyhow!(error))
}

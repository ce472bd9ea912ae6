//! The application of `axum_0_8` over HTTP/3: axum-h3, on the crates h3, h3-quinn and quinn with their defaults.

use anyhow::{Result, anyhow};
use axum_h3::H3Router;
use axum_trailers_bench_peers::{
    cores::{self, shared_udp},
    listen::{Listen, Runtime},
    router::router,
    tls,
};
use clap::Parser;
use h3_util::quinn::H3QuinnAcceptor;
use quinn::{Endpoint, EndpointConfig, ServerConfig, TokioRuntime};
use std::{net::UdpSocket, sync::Arc};
use tokio::runtime;

/// axum 0.8 on axum-h3.
#[derive(Parser)]
struct Args {
    #[command(flatten)]
    listen: Listen,
    /// The runtime of the connections.
    #[arg(long)]
    runtime: Runtime,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let (address, config) = (args.listen.listen, tls::quic(&args.listen)?);
    match args.runtime {
        Runtime::MultiThread => {
            let socket = UdpSocket::bind(address)?;
            runtime::Builder::new_multi_thread().enable_all().build()?.block_on(serve(socket, config))
        }
        // The kernel gives all packets of a client's address to one of the sockets, so a client that changes its address
        // loses its connection.
        Runtime::PerCore => {
            cores::run_on_each(move || shared_udp(address), move |socket| serve(socket, config.clone()))
        }
    }
}

async fn serve(socket: UdpSocket, config: ServerConfig) -> Result<()> {
    let endpoint = Endpoint::new(EndpointConfig::default(), Some(config), socket, Arc::new(TokioRuntime))?;
    H3Router::new(router()).serve(H3QuinnAcceptor::new(endpoint)).await.map_err(|error| anyhow!(error))
}

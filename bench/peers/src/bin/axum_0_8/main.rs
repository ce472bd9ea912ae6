//! axum 0.8 on hyper 1.x and axum-server, as it is usually set up today.

use anyhow::Result;
use axum_server::{accept::NoDelayAcceptor, tls_rustls::RustlsConfig};
use axum_trailers_bench_peers::{
    cores::{self, listener},
    listen::{Listen, Runtime},
    router::router,
    tls,
};
use clap::Parser;
use std::{net::TcpListener, sync::Arc};
use tokio::runtime;

/// axum 0.8 on axum-server.
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
    let tls = RustlsConfig::from_config(Arc::new(tls::config(&args.listen)?));
    let address = args.listen.listen;
    match args.runtime {
        Runtime::MultiThread => {
            let listener = listener(address, false)?;
            runtime::Builder::new_multi_thread().enable_all().build()?.block_on(serve(listener, tls))
        }
        Runtime::PerCore => {
            cores::run_on_each(move || listener(address, true), move |listener| serve(listener, tls.clone()))
        }
    }
}

async fn serve(listener: TcpListener, tls: RustlsConfig) -> Result<()> {
    axum_server::from_tcp_rustls(listener, tls)?
        .map(|acceptor| acceptor.acceptor(NoDelayAcceptor::new()))
        .serve(router().into_make_service())
        .await?;
    Ok(())
}

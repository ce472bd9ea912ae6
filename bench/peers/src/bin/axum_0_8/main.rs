//! axum 0.8 on hyper 1.x and axum-server, as one would set it up today.

use anyhow::Result;
use axum::{
    Router,
    body::Body,
    extract::Path,
    http::{
        HeaderMap, HeaderName, HeaderValue,
        header::{CONTENT_TYPE, TRAILER},
    },
    response::{IntoResponse, Response},
    routing::get,
};
use axum_server::{accept::NoDelayAcceptor, tls_rustls::RustlsConfig};
use axum_trailers_bench_peers::{
    TRAILER_NAME, TRAILER_VALUE,
    listen::{self, Listen},
    work::Work,
};
use bytes::Bytes;
use clap::{Parser, ValueEnum};
use http_body_util::StreamBody;
use hyper::body::Frame;
use rustls::{ServerConfig, crypto::aws_lc_rs, version::TLS13};
use socket2::{Domain, Protocol, Socket, Type};
use std::{
    convert::Infallible,
    net::{SocketAddr, TcpListener},
    sync::{Arc, mpsc as std_mpsc},
    thread,
};
use tokio::{runtime, sync::mpsc};
use tokio_stream::wrappers::ReceiverStream;

/// axum 0.8 on axum-server.
#[derive(Parser)]
struct Args {
    #[command(flatten)]
    listen: Listen,
    /// What runs the connections.
    #[arg(long)]
    runtime: Runtime,
}

#[derive(Clone, Copy, ValueEnum)]
enum Runtime {
    /// Tokio's default.
    MultiThread,
    /// A current-thread runtime for each core, with a listener of its own.
    PerCore,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let tls = tls(&args.listen)?;
    match args.runtime {
        Runtime::MultiThread => {
            let listener = listener(args.listen.listen, false)?;
            runtime::Builder::new_multi_thread().enable_all().build()?.block_on(serve(listener, tls))
        }
        Runtime::PerCore => per_core(args.listen.listen, &tls),
    }
}

fn per_core(address: SocketAddr, tls: &RustlsConfig) -> Result<()> {
    let (ended, first_ended) = std_mpsc::channel();
    for _ in 0..thread::available_parallelism()?.get() {
        let listener = listener(address, true)?;
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let (tls, ended) = (tls.clone(), ended.clone());
        thread::spawn(move || ended.send(runtime.block_on(serve(listener, tls))));
    }
    // One that ends takes all with it: a server on fewer cores would be measured as if on all.
    first_ended.recv()?
}

fn listener(address: SocketAddr, shared: bool) -> Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(shared)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(1024)?;
    Ok(socket.into())
}

async fn serve(listener: TcpListener, tls: RustlsConfig) -> Result<()> {
    let router = Router::new()
        .route("/small", get(|| async { stream(Work::Small) }))
        .route("/big/{bytes}", get(|Path(bytes)| async move { stream(Work::Big(bytes)) }))
        .route("/paced/{chunks}", get(|Path(chunks)| async move { stream(Work::Paced(chunks)) }));
    axum_server::from_tcp_rustls(listener, tls)?
        .map(|acceptor| acceptor.acceptor(NoDelayAcceptor::new()))
        .serve(router.into_make_service())
        .await?;
    Ok(())
}

fn stream(work: Work) -> Response {
    let (sender, receiver) = mpsc::channel::<Result<Frame<Bytes>, Infallible>>(2);
    tokio::spawn(async move {
        work.produce(&sender, |chunk| Ok(Frame::data(chunk))).await?;
        let name = HeaderName::from_static(TRAILER_NAME);
        let trailers = HeaderMap::from_iter([(name, HeaderValue::from_static(TRAILER_VALUE))]);
        sender.send(Ok(Frame::trailers(trailers))).await
    });
    let body = Body::new(StreamBody::new(ReceiverStream::new(receiver)));
    ([(CONTENT_TYPE, work.content_type()), (TRAILER, TRAILER_NAME)], body).into_response()
}

fn tls(listen: &Listen) -> Result<RustlsConfig> {
    let (certificates, key) = listen.identity()?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[&TLS13])?
        .with_no_client_auth()
        .with_single_cert(certificates, key)?;
    config.alpn_protocols = listen::protocols();
    Ok(RustlsConfig::from_config(Arc::new(config)))
}

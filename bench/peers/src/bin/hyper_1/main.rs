//! hyper 1.x without a framework, on tokio-rustls, to show what a framework adds.

use anyhow::Result;
use axum_trailers_bench_peers::{
    cores,
    listen::Listen,
    response::{produced, ready},
    tls,
    work::Work,
};
use bytes::Bytes;
use clap::{Parser, ValueEnum};
use http_body_util::{Either, Empty};
use hyper::{
    Request, Response, StatusCode,
    body::{Body, Incoming},
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::{convert::Infallible, net, sync::Arc};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// Bare hyper, with a current-thread runtime for each core.
#[derive(Parser)]
struct Args {
    #[command(flatten)]
    listen: Listen,
    /// The source of the bodies.
    #[arg(long)]
    body: Source,
}

#[derive(Clone, Copy, ValueEnum)]
enum Source {
    /// A producer task for each body.
    Produced,
    /// All frames are ready from the start.
    Ready,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let tls = TlsAcceptor::from(Arc::new(tls::config(&args.listen)?));
    let address = args.listen.listen;
    let open = move || cores::listener(address, true);
    match args.body {
        Source::Produced => cores::run_on_each(open, move |listener| {
            serve(listener, tls.clone(), |work| Some(produced(work)))
        }),
        Source::Ready => cores::run_on_each(open, move |listener| serve(listener, tls.clone(), ready)),
    }
}

async fn serve<B>(
    listener: net::TcpListener,
    tls: TlsAcceptor,
    respond: fn(Work) -> Option<Response<B>>,
) -> Result<()>
where
    B: Body<Data = Bytes, Error = Infallible> + Send + 'static,
{
    let listener = TcpListener::from_std(listener)?;
    loop {
        let (tcp, _) = listener.accept().await?;
        let tls = tls.clone();
        // A failed connection affects only its client.
        tokio::spawn(async move { connection(tcp, tls, respond).await });
    }
}

async fn connection<B>(
    tcp: TcpStream,
    tls: TlsAcceptor,
    respond: fn(Work) -> Option<Response<B>>,
) -> Result<()>
where
    B: Body<Data = Bytes, Error = Infallible> + Send + 'static,
{
    tcp.set_nodelay(true)?;
    let tls = tls.accept(tcp).await?;
    let is_http2 = tls.get_ref().1.alpn_protocol() == Some(b"h2");
    let service = service_fn(move |request: Request<Incoming>| async move {
        let response = Work::from_path(request.uri().path()).and_then(respond);
        Ok::<_, Infallible>(response.map_or_else(not_found, |response| response.map(Either::Left)))
    });
    let io = TokioIo::new(tls);
    if is_http2 {
        http2::Builder::new(TokioExecutor::new()).serve_connection(io, service).await?;
    } else {
        http1::Builder::new().serve_connection(io, service).await?;
    }
    Ok(())
}

fn not_found<B>() -> Response<Either<B, Empty<Bytes>>> {
    let mut response = Response::new(Either::Right(Empty::new()));
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

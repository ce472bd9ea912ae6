//! The server of the article that axum-trailers started from: axum 0.6 on hyper 0.14 and axum-server 0.5.

mod body;

use anyhow::Result;
use axum_0_6::{
    Router,
    extract::Path,
    http::{HeaderMap, HeaderName, HeaderValue, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::get,
};
use axum_server_0_5::{AddrIncomingConfig, tls_rustls::RustlsConfig};
use axum_trailers_bench_peers::{
    TRAILER_NAME, TRAILER_VALUE,
    listen::{self, Listen},
    work::Work,
};
use body::StreamBody;
use clap::Parser;
use rustls_0_21::{Certificate, PrivateKey, ServerConfig};
use std::{convert::Infallible, sync::Arc};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

/// The article's own server.
#[derive(Parser)]
struct Args {
    #[command(flatten)]
    listen: Listen,
    /// Set `TCP_NODELAY`, which the article did not.
    #[arg(long)]
    nodelay: bool,
}

#[tokio::main]
async fn main() -> Result<()> {
    let args = Args::parse();
    let router = Router::new()
        .route("/small", get(|| async { stream(Work::Small) }))
        .route("/plain", get(|| async { stream(Work::Plain) }))
        .route("/big/:bytes", get(|Path(bytes)| async move { stream(Work::Big(bytes)) }))
        .route("/paced/:chunks", get(|Path(chunks)| async move { stream(Work::Paced(chunks)) }));
    axum_server_0_5::bind_rustls(args.listen.listen, tls(&args.listen)?)
        .addr_incoming_config(AddrIncomingConfig::new().tcp_nodelay(args.nodelay).build())
        .serve(router.into_make_service())
        .await?;
    Ok(())
}

fn stream(work: Work) -> Response {
    let (sender, receiver) = mpsc::channel(2);
    tokio::spawn(async move { work.produce(&sender, Ok::<_, Infallible>).await });
    let mut body = StreamBody::new(ReceiverStream::new(receiver));
    let content_type = (CONTENT_TYPE, work.content_type());
    if !work.has_trailer() {
        return ([content_type], body).into_response();
    }
    body.set_trailers(HeaderMap::from_iter([(
        HeaderName::from_static(TRAILER_NAME),
        HeaderValue::from_static(TRAILER_VALUE),
    )]));
    // `Trailers` is the article's own slip for `Trailer`.
    ([content_type, (HeaderName::from_static("trailers"), TRAILER_NAME)], body).into_response()
}

fn tls(listen: &Listen) -> Result<RustlsConfig> {
    let (certificates, key) = listen.identity()?;
    let certificates = certificates.iter().map(|certificate| Certificate(certificate.to_vec())).collect();
    let mut config = ServerConfig::builder()
        .with_safe_default_cipher_suites()
        .with_safe_default_kx_groups()
        .with_protocol_versions(&[&rustls_0_21::version::TLS13])?
        .with_no_client_auth()
        .with_single_cert(certificates, PrivateKey(key.secret_der().to_vec()))?;
    config.alpn_protocols = listen::protocols();
    Ok(RustlsConfig::from_config(Arc::new(config)))
}

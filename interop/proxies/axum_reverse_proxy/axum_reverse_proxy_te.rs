use std::env;
use std::net::SocketAddr;

use anyhow::Context;
use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, Version, header};
use axum::middleware::map_request;
use axum_reverse_proxy::ReverseProxy;
use axum_server::tls_rustls::RustlsConfig;
use tokio::net::TcpListener;

/// HTTP/2 clients accept trailers without saying so.
async fn accept_trailers(mut request: Request) -> Request {
    if request.version() == Version::HTTP_2 {
        request.headers_mut().insert(header::TE, HeaderValue::from_static("trailers"));
    }
    request
}

/// The arguments: the address for TLS, that without, and the origin.
#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = env::args().skip(1);
    let mut argument = || arguments.next().context("three arguments are needed");
    let (tls, plain, origin) = (argument()?, argument()?, argument()?);
    let proxy: Router = ReverseProxy::new("/", origin).into();
    let proxy = proxy.layer(map_request(accept_trailers));

    let listener = TcpListener::bind(plain).await?;
    tokio::spawn(axum::serve(listener, proxy.clone()).into_future());
    let certificate = RustlsConfig::from_pem_file("cert.pem", "key.pem").await?;
    axum_server::bind_rustls(tls.parse::<SocketAddr>()?, certificate)
        .serve(proxy.into_make_service())
        .await?;
    Ok(())
}

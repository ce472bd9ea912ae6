use std::env;
use std::net::SocketAddr;

use anyhow::Context;
use axum::Router;
use axum_reverse_proxy::ReverseProxy;
use axum_server::tls_rustls::RustlsConfig;
use tokio::net::TcpListener;

/// The arguments: the address for TLS, that without, and the origin.
#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = env::args().skip(1);
    let mut argument = || arguments.next().context("three arguments are needed");
    let (tls, plain, origin) = (argument()?, argument()?, argument()?);
    let proxy: Router = ReverseProxy::new("/", origin).into();

    let listener = TcpListener::bind(plain).await?;
    tokio::spawn(axum::serve(listener, proxy.clone()).into_future());
    let certificate = RustlsConfig::from_pem_file("cert.pem", "key.pem").await?;
    axum_server::bind_rustls(tls.parse::<SocketAddr>()?, certificate)
        .serve(proxy.into_make_service())
        .await?;
    Ok(())
}

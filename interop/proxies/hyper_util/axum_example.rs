use std::env;
use std::net::SocketAddr;

use anyhow::Context;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum_server::tls_rustls::RustlsConfig;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use tokio::net::TcpListener;

#[derive(Clone)]
struct Proxy {
    client: Client<HttpsConnector<HttpConnector>, Body>,
    origin: String,
}

/// As in axum's example `reverse-proxy` (MIT): only the URI is another one.
async fn forward(State(proxy): State<Proxy>, mut request: Request) -> Result<Response, StatusCode> {
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    *request.uri_mut() = format!("{}{path}", proxy.origin).parse().map_err(|_| StatusCode::BAD_REQUEST)?;
    let response = proxy.client.request(request).await.map_err(|_| StatusCode::BAD_GATEWAY)?;
    Ok(response.map(Body::new))
}

/// The arguments: the address for TLS, that without, and the origin.
#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = env::args().skip(1);
    let mut argument = || arguments.next().context("three arguments are needed");
    let (tls, plain, origin) = (argument()?, argument()?, argument()?);
    let connector =
        HttpsConnectorBuilder::new().with_native_roots()?.https_or_http().enable_all_versions().build();
    let client = Client::builder(TokioExecutor::new()).build(connector);
    let proxy = Router::new().fallback(forward).with_state(Proxy { client, origin });

    let listener = TcpListener::bind(plain).await?;
    tokio::spawn(axum::serve(listener, proxy.clone()).into_future());
    let certificate = RustlsConfig::from_pem_file("cert.pem", "key.pem").await?;
    axum_server::bind_rustls(tls.parse::<SocketAddr>()?, certificate)
        .serve(proxy.into_make_service())
        .await?;
    Ok(())
}

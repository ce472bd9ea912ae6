//! A server for each test, and clients that trust the repository's certificate.

pub(crate) mod axum_06;
pub(crate) mod axum_08;
pub(crate) mod client;
pub(crate) mod faulty_proxy;
pub(crate) mod log;
pub(crate) mod metrics;
mod panics;
pub(crate) mod process;
pub(crate) mod protocols;
pub(crate) mod raw;
pub(crate) mod scripted;
pub(crate) mod upload;

pub(crate) use crate::library::on_axum_06::observed_producers as producer;

use axum_trailers_server::{Application, Axum06, Handle, Limits, Server, Tls};
use axum_trailers_workbench::{Workbench, database::Database, files::Folder};
use http_body_util::BodyExt;
use rustls::pki_types::{CertificateDer, pem::PemObject};
use std::{io, net::SocketAddr, path::Path, sync::LazyLock, time::Duration};
use tokio::task::JoinHandle;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};

pub(crate) const CERTIFICATE: &[u8] = include_bytes!("../../self_signed_certs/cert.pem");
pub(crate) const KEY: &[u8] = include_bytes!("../../self_signed_certs/key.pem");

/// The repository's certificate.
pub(crate) fn certificate() -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(CERTIFICATE).expect("a certificate")
}

/// `Limits` or `Bounds` with these values and otherwise defaults: `with!(Limits { streams: 3 })`.
macro_rules! with {
    ($type:path { $($field:ident $(: $value:expr)?),* $(,)? }) => {{
        let mut all = <$type>::default();
        $(all.$field = with!(@ $field $($value)?);)*
        all
    }};
    (@ $field:ident $value:expr) => { $value };
    (@ $field:ident) => { $field };
}
pub(crate) use with;

/// Long enough for any machine, short enough for a test that hangs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A server in this process, on a free loopback port of TCP and UDP. It ends with the test.
pub(crate) struct TestServer {
    pub(crate) address: SocketAddr,
    pub(crate) redirect: Option<SocketAddr>,
    pub(crate) handle: Handle,
    pub(crate) served: JoinHandle<io::Result<()>>,
}

impl TestServer {
    pub(crate) fn start(app: impl Served) -> Self {
        Self::with(app, |server| server)
    }

    pub(crate) fn limited(app: impl Served, limits: Limits) -> Self {
        Self::with(app, |server| server.limits(limits))
    }

    pub(crate) fn with(app: impl Served, configure: impl FnOnce(Server) -> Server) -> Self {
        Self::with_tls(Tls::from_pem(CERTIFICATE, KEY).expect("the demo certificate"), app, configure)
    }

    pub(crate) fn with_tls(tls: Tls, app: impl Served, configure: impl FnOnce(Server) -> Server) -> Self {
        panics::watch();
        let server = configure(Server::new().tls(tls).http3(true)).bind("127.0.0.1:0").expect("a free port");
        let address = server.local_addrs()[0];
        let redirect = server.redirect_addrs().first().copied();
        let handle = server.handle();
        Self { address, redirect, handle, served: tokio::spawn(server.serve(app.application())) }
    }

    /// A server over plain HTTP.
    pub(crate) fn plain(app: impl Served, configure: impl FnOnce(Server) -> Server) -> Self {
        panics::watch();
        let server = configure(Server::new().bind_plain("127.0.0.1:0").expect("a free port"));
        let (address, handle) = (server.plain_addrs()[0], server.handle());
        Self { address, redirect: None, handle, served: tokio::spawn(server.serve(app.application())) }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        url(self.address, path)
    }

    pub(crate) async fn get(&self, client: &reqwest::Client, path: &str) -> reqwest::Response {
        get(client, self.url(path)).await
    }
}

/// What the server serves.
pub(crate) trait Served {
    fn application(self) -> impl Application;
}

impl Served for axum::Router {
    fn application(self) -> impl Application {
        Axum06(self)
    }
}

impl Served for axum_08::Router {
    fn application(self) -> impl Application {
        self
    }
}

/// Any application.
pub(crate) struct App<A>(pub(crate) A);

impl<A: Application> Served for App<A> {
    fn application(self) -> impl Application {
        self.0
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.handle.abort();
        if !std::thread::panicking() {
            panics::assert_none();
        }
    }
}

pub(crate) fn url(server: SocketAddr, path: &str) -> String {
    format!("https://localhost:{}{path}", server.port())
}

/// The response to a client that accepts trailers.
pub(crate) async fn get(client: &reqwest::Client, url: String) -> reqwest::Response {
    client.get(url).header("te", "trailers").send().await.expect("a response")
}

/// A workbench with the files of a folder and the sample, which is slow to create and therefore shared.
pub(crate) fn workbench(folder: impl AsRef<Path>) -> Workbench {
    static SAMPLE: LazyLock<Database> = LazyLock::new(|| Database::sample().expect("memory"));
    Workbench::new(Folder::new(folder).expect("a folder"), SAMPLE.clone())
}

/// Clients for both protocols, with names for messages.
pub(crate) fn clients() -> [(&'static str, reqwest::Client); 2] {
    [("HTTP/2", http2()), ("HTTP/1.1", http1())]
}

pub(crate) fn http2() -> reqwest::Client {
    builder().build().expect("a client")
}

pub(crate) fn http1() -> reqwest::Client {
    builder().http1_only().build().expect("a client")
}

pub(crate) fn builder() -> reqwest::ClientBuilder {
    let certificate = reqwest::Certificate::from_pem(CERTIFICATE).expect("a certificate");
    reqwest::Client::builder()
        .tls_certs_only([certificate])
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(PATIENCE)
        .read_timeout(PATIENCE)
}

/// A channel of tonic's client.
pub(crate) async fn channel(server: SocketAddr) -> Channel {
    let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(CERTIFICATE));
    let url = format!("https://localhost:{}", server.port());
    let endpoint = Endpoint::from_shared(url).expect("a URL").timeout(PATIENCE);
    soon("a connection", endpoint.tls_config(tls).expect("TLS").connect()).await.expect("a connection")
}

/// What arrived after the header section.
#[derive(Debug, Default)]
pub(crate) struct Ending {
    pub(crate) content: Vec<u8>,
    pub(crate) trailers: Option<http::HeaderMap>,
}

/// Reads a response to its end.
pub(crate) async fn read(response: reqwest::Response) -> Result<Ending, reqwest::Error> {
    let mut body = http::Response::from(response).into_body();
    let mut ending = Ending::default();
    while let Some(frame) = body.frame().await {
        match frame?.into_data() {
            Ok(data) => ending.content.extend_from_slice(&data),
            Err(frame) => ending.trailers = frame.into_trailers().ok(),
        }
    }
    Ok(ending)
}

/// Reads a JSON document.
pub(crate) async fn json(response: reqwest::Response) -> serde_json::Value {
    serde_json::from_slice(&read(response).await.expect("no error").content).expect("JSON")
}

/// The number of line ends.
pub(crate) fn lines(content: &[u8]) -> usize {
    content.split(|byte| *byte == b'\n').count() - 1
}

/// Waits for something that must happen.
pub(crate) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    let came = tokio::time::timeout(PATIENCE, future).await;
    came.unwrap_or_else(|_elapsed| panic!("{what} did not come within {PATIENCE:?}"))
}

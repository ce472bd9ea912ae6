//! A server for tests, with a certificate that their clients can trust. Requires the feature `testing`.

use crate::{app::Application, serve::Server, shutdown::Handle, tls::Tls};
use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use std::{io, net::SocketAddr, time::Duration};
use tokio::task::JoinHandle;

/// Serves an application on a free port of 127.0.0.1 until it is dropped.
///
/// In this example the client is reqwest 0.13 (features `http2` and `rustls`), and `http-body-util` reads the body with
/// its trailers.
///
/// ```
/// # use axum_08 as axum;
/// use axum::{Router, routing::get};
/// use axum_trailers::layers::ContentDigestLayer;
/// use axum_trailers_server::testing::TestServer;
/// use http_body_util::BodyExt;
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let app = Router::new().route("/", get(|| async { "hello\n" })).layer(ContentDigestLayer::new());
/// let server = TestServer::start(app);
///
/// let certificate = reqwest::Certificate::from_pem(server.certificate_pem().as_bytes())?;
/// let client = reqwest::Client::builder().tls_certs_only([certificate]).build()?;
/// let response = client.get(server.url("/")).header("te", "trailers").send().await?;
///
/// let body = reqwest::Body::from(response).collect().await?;
/// let trailers = body.trailers().expect("a trailer section");
/// assert_eq!(trailers["content-digest"], "sha-256=:WJG1tSLV3whtD/CxEPvZ0hu0/HFjrzTQgoai6Eb2vgM=:");
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct TestServer {
    address: SocketAddr,
    /// `None` without TLS.
    certificate: Option<String>,
    handle: Handle,
    served: JoinHandle<io::Result<()>>,
}

impl TestServer {
    /// Serves an application with the default settings.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime, or if no port is free.
    #[must_use]
    pub fn start(app: impl Application) -> Self {
        Self::start_with(app, |server| server)
    }

    /// Serves an application with other settings, such as `|server| server.limits(limits)`.
    ///
    /// # Panics
    ///
    /// As for [`start`](Self::start).
    #[must_use]
    pub fn start_with(app: impl Application, configure: impl FnOnce(Server) -> Server) -> Self {
        let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
        let CertifiedKey::<KeyPair> { cert, signing_key } =
            generate_simple_self_signed(names).expect("the names are well-formed");
        let certificate = cert.pem();
        let tls = Tls::from_pem(certificate.as_bytes(), signing_key.serialize_pem().as_bytes());
        let server = Server::new().tls(tls.expect("a pair")).bind("127.0.0.1:0").expect("a free port");
        let server = configure(server);
        let address = server.local_addrs()[0];
        Self::serve(app, server, address, Some(certificate))
    }

    /// Serves an application over plain HTTP with the default settings: over HTTP/1.1, and over HTTP/2 to clients with prior
    /// knowledge.
    ///
    /// # Panics
    ///
    /// As for [`start`](Self::start).
    #[must_use]
    pub fn start_plain(app: impl Application) -> Self {
        Self::start_plain_with(app, |server| server)
    }

    /// Serves an application over plain HTTP with other settings.
    ///
    /// # Panics
    ///
    /// As for [`start`](Self::start).
    #[must_use]
    pub fn start_plain_with(app: impl Application, configure: impl FnOnce(Server) -> Server) -> Self {
        let server = configure(Server::new().bind_plain("127.0.0.1:0").expect("a free port"));
        let address = server.plain_addrs()[0];
        Self::serve(app, server, address, None)
    }

    fn serve(
        app: impl Application,
        server: Server,
        address: SocketAddr,
        certificate: Option<String>,
    ) -> Self {
        let handle = server.handle();
        Self { address, certificate, handle, served: tokio::spawn(server.serve(app)) }
    }

    /// The server's address, on a free port of 127.0.0.1.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL of a path. The path must begin with `/`.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        let scheme = if self.certificate.is_some() { "https" } else { "http" };
        format!("{scheme}://{}{path}", self.address)
    }

    /// The certificate for clients to trust, in PEM. It is valid for `localhost`, 127.0.0.1 and `::1`, and differs for
    /// each server.
    ///
    /// # Panics
    ///
    /// For a server over plain HTTP, which has none.
    #[must_use]
    pub fn certificate_pem(&self) -> &str {
        self.certificate.as_deref().expect("a server over plain HTTP has no certificate")
    }

    /// The server's handle, to shut it down during a test.
    #[must_use]
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Shuts the server down once its responses have ended, or after `limit`.
    ///
    /// # Errors
    ///
    /// The error of [`Server::serve`], or a panic of its task.
    pub async fn shutdown(mut self, limit: Duration) -> io::Result<()> {
        self.handle.drain(limit).await;
        (&mut self.served).await?
    }
}

/// Closes open connections.
impl Drop for TestServer {
    fn drop(&mut self) {
        self.handle.abort();
    }
}

//! Runs a server from its first connection to its end.

use crate::{
    app::{App, Application, GrpcServices},
    connection::{ConnectionLimit, Purpose},
    limits::Limits,
    listener::Listener,
    metrics::ServerMetrics,
    pages,
    serve::Server,
    shutdown::{Handle, Signals},
    tcp::Endpoint,
    tls::reload,
    worker::Worker,
};
use futures_util::future::join_all;
use prometheus::Registry;
use std::{convert::Infallible, io, net::SocketAddr, sync::Arc, time::Duration};

/// How many clients can read the metrics at once.
const METRICS_CONNECTIONS: usize = 8;

impl Server {
    /// Serves an application until a signal shuts it down: [`shutdown_on_signals`](Self::shutdown_on_signals) and
    /// [`serve`](Self::serve) in one.
    ///
    /// # Errors
    ///
    /// An [`io::Error`] if the signals can't be caught, and as for [`serve`](Self::serve).
    pub async fn run(self, app: impl Application) -> io::Result<()> {
        self.shutdown_on_signals()?.serve(app).await
    }

    /// Serves an application until its [`Handle`] shuts it down. Dropping the future closes its connections.
    ///
    /// # Errors
    ///
    /// An [`io::Error`] if a listener can't be used, there is none, or one for HTTPS has no [`tls`](Self::tls). If [`metrics`](Self::metrics) are served and the
    /// [`registry`](Self::registry) already has one of the server's names, its kind is
    /// [`AlreadyExists`](io::ErrorKind::AlreadyExists).
    pub async fn serve(mut self, app: impl Application) -> io::Result<()> {
        let (handle, timeout) = (self.handle(), self.shutdown_timeout);
        let ending = self.signals.take().map(|signals| end_on_signals(signals, handle, timeout));
        let reloading = self.hangup.take().map(|hangup| reload(self.tls.clone(), hangup));
        tokio::select! {
            served = self.serve_until_ended(app) => served,
            never = if_any(ending) => match never {},
            never = if_any(reloading) => match never {},
        }
    }

    async fn serve_until_ended(self, app: impl Application) -> io::Result<()> {
        let https_port = self.check_listeners()?;
        let ended = EndedOnDrop(self.handle());
        let shutdown = ended.0.shutdown();
        let counted = self.counted()?;
        #[cfg(unix)]
        let _removed_at_the_end = self.socket_files;
        let limits = Arc::new(self.limits);
        let trust = Arc::new(self.trust);
        let permits = ConnectionLimit::new(limits.connections);
        let scraping = serve_metrics(self.metrics, self.registry, &limits);
        let app = App::new(app, self.grpc, limits.clone(), shutdown.clone(), counted);
        let redirect = app.with_application(pages::to_https(https_port));
        let redirecting = Listener::new(self.redirects, redirect, None, permits.clone())
            .trusting(trust.clone())
            .serve_here();
        let listener = Listener::new(self.endpoints, app, self.tls, permits.clone()).trusting(trust);
        #[cfg(feature = "http3")]
        let listener = listener.with_http3(self.udp_endpoints);
        let workers = listener.serve_on_threads(self.threads)?;
        let served = async {
            tokio::select! {
                redirected = redirecting => match redirected? {},
                () = shutdown.begun() => {}
            }
            tokio::select! {
                () = permits.all_released() => {}
                () = shutdown.aborted() => {}
            }
            Ok(())
        };
        let served = tokio::select! {
            served = served => served,
            scraped = scraping => match scraped? {},
        };
        drop(ended);
        join_all(workers.into_iter().map(Worker::ended)).await;
        served
    }

    /// The port to redirect to.
    fn check_listeners(&self) -> io::Result<u16> {
        let https = self.endpoints.iter().find(|endpoint| endpoint.purpose == Purpose::Https);
        let wrong = |why| Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        #[cfg(feature = "http3")]
        if self.trust.proxy_protocol && !self.udp_endpoints.is_empty() {
            return wrong("the PROXY protocol is not possible over HTTP/3: turn one of them off");
        }
        match (https, &self.tls) {
            (Some(_), None) => wrong(
                "no certificate for HTTPS: call `tls`, or listen for plain HTTP (`bind_plain` instead of `bind`; a \
                     systemd socket with `FileDescriptorName=plain`)",
            ),
            (None, _) if !self.redirects.is_empty() => wrong("no HTTPS address to redirect to: call `bind`"),
            (None, _) if self.endpoints.is_empty() => wrong(
                "no address to listen on: call `bind` or `bind_plain`, `listen`, `bind_unix` or `inherit`",
            ),
            (https, _) => Ok(https.and_then(Endpoint::local_addr).as_ref().map_or(0, SocketAddr::port)),
        }
    }

    fn counted(&self) -> io::Result<Option<ServerMetrics>> {
        if self.metrics.is_empty() {
            return Ok(None);
        }
        let metrics = ServerMetrics::new(&self.registry);
        metrics.map(Some).map_err(|taken| io::Error::new(io::ErrorKind::AlreadyExists, taken))
    }
}

/// Serves the metrics until the future is dropped, so also during the shutdown.
async fn serve_metrics(
    endpoints: Vec<Endpoint>,
    registry: Registry,
    limits: &Limits,
) -> io::Result<Infallible> {
    let ended = EndedOnDrop(Handle::new());
    let shutdown = ended.0.shutdown();
    let permits = ConnectionLimit::new(METRICS_CONNECTIONS);
    let limits = Arc::new(Limits { connections: METRICS_CONNECTIONS, ..limits.clone() });
    let page = pages::metrics(registry);
    let app = App::new(page, GrpcServices::default(), limits, shutdown, None);
    Listener::new(endpoints, app, None, permits).serve_here().await
}

/// Closes the connections when the future that serves them ends or is dropped.
struct EndedOnDrop(Handle);

impl Drop for EndedOnDrop {
    fn drop(&mut self) {
        self.0.abort();
        self.0.ended();
    }
}

async fn if_any(endless: Option<impl Future<Output = Infallible>>) -> Infallible {
    match endless {
        Some(endless) => endless.await,
        None => std::future::pending().await,
    }
}

async fn end_on_signals(mut signals: Signals, handle: Handle, timeout: Duration) -> Infallible {
    let signal = signals.next().await;
    tracing::info!(signal, ?timeout, "shutting down");
    tokio::select! {
        () = handle.drain(timeout) => {}
        signal = signals.next() => {
            tracing::warn!(signal, connections = handle.connections(), "second signal: cutting open streams");
            handle.abort();
        }
    }
    std::future::pending().await
}

use super::{
    Handle, Limits, Tls,
    accept::{PlainAcceptor, TlsAcceptor},
    bridge::{GrpcServices, MakeBridge},
    metrics::{self, Metrics},
    redirect,
    reload::reload,
    signals::{Hangup, Signals},
};
use axum::{BoxError, Router, body::Bytes};
use axum_server::accept::DefaultAcceptor;
use futures_util::future::{Either, try_join_all};
use http_body_1::Body;
use hyper::body::Incoming;
use hyper_util::rt::TokioTimer;
use prometheus::Registry;
use std::{
    convert::Infallible,
    fmt, io,
    net::{SocketAddr, TcpListener, ToSocketAddrs},
    sync::Arc,
    time::Duration,
};
use tower_service::Service;

/// A TLS server for an axum 0.6 router.
///
/// See the [module](super) for the shortest example.
#[derive(Debug)]
pub struct Server {
    tls: Tls,
    grpc: GrpcServices,
    listeners: Vec<TcpListener>,
    redirects: Vec<TcpListener>,
    metrics: Vec<TcpListener>,
    registry: Registry,
    limits: Limits,
    shutdown_timeout: Duration,
    signals: Option<Signals>,
    hangup: Option<Hangup>,
    handle: Handle,
}

/// An address can't be listened on.
#[derive(Debug, thiserror::Error)]
#[error("can't listen on {address}")]
#[non_exhaustive]
pub struct BindError {
    /// The address.
    pub address: String,
    /// Why.
    pub source: io::Error,
}

impl Server {
    /// How long running streams have after the first signal, where nothing else is set: 30 s.
    pub const DEFAULT_SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(30);

    /// Makes a server that does not listen yet, with the default [`Limits`].
    #[must_use]
    pub fn new(tls: Tls) -> Self {
        Self {
            tls,
            grpc: GrpcServices::default(),
            listeners: Vec::new(),
            redirects: Vec::new(),
            metrics: Vec::new(),
            registry: Registry::new(),
            limits: Limits::default(),
            shutdown_timeout: Self::DEFAULT_SHUTDOWN_TIMEOUT,
            signals: None,
            hangup: None,
            handle: Handle::new(),
        }
    }

    /// Listens for HTTPS on an address, besides those before. Port 0 takes a free one. Where a name has several
    /// addresses, all of them are listened on.
    ///
    /// # Errors
    ///
    /// [`BindError`] where the address is taken, not this machine's, or not permitted.
    pub fn bind(mut self, address: impl ToSocketAddrs + fmt::Display) -> Result<Self, BindError> {
        self.listeners.extend(listen(address)?);
        Ok(self)
    }

    /// Listens for plain HTTP on an address, and redirects each request to the port of the first HTTPS listener
    /// with 308.
    ///
    /// # Errors
    ///
    /// As for [`bind`](Self::bind).
    pub fn redirect(mut self, address: impl ToSocketAddrs + fmt::Display) -> Result<Self, BindError> {
        self.redirects.extend(listen(address)?);
        Ok(self)
    }

    /// Listens for plain HTTP on an address, and tells there what the server counts: `GET /metrics`, in Prometheus'
    /// text form. Nothing is counted without it.
    ///
    /// It goes on until the server has ended, and takes eight connections of its own, whatever
    /// [`Limits::connections`] says.
    ///
    /// | Metric | Labels | |
    /// |---|---|---|
    /// | `axum_trailers_connections` | | connections that are open |
    /// | `axum_trailers_streams` | | requests whose response has not ended |
    /// | `axum_trailers_requests_total` | `protocol`, `route`, `status` | requests whose response has ended |
    /// | `axum_trailers_received_bytes_total`, `…_sent_…` | | bytes of connections, TLS included |
    /// | `axum_trailers_response_body_bytes_total` | `protocol` | bytes of content |
    /// | `axum_trailers_trailer_sections_sent_total` | `protocol` | |
    /// | `axum_trailers_trailer_sections_withheld_total` | `protocol`, `reason` | `not_asked` (no `TE: trailers`), `old_protocol` |
    /// | `axum_trailers_streams_failed_total` | `protocol`, `reason` | `body`, `length`, `request_trailers`, `told_by_trailers` (the message is whole, and its trailers say so), `untold` (they could not be sent), and where the server cut it `stalled_reader`, `shutdown`, `idle`, `wrong_protocol` |
    /// | `axum_trailers_clients_gone_total` | `protocol` | responses that clients did not take to the end |
    /// | `axum_trailers_first_byte_seconds`, `…_end_seconds` | `route` | histograms, from the end of the request's header section |
    ///
    /// A route is named as the router has it, a gRPC service by its name; what neither answers is `none`. A status
    /// that is not registered is `other`.
    ///
    /// # Errors
    ///
    /// As for [`bind`](Self::bind).
    pub fn metrics(mut self, address: impl ToSocketAddrs + fmt::Display) -> Result<Self, BindError> {
        self.metrics.extend(listen(address)?);
        Ok(self)
    }

    /// What `GET /metrics` tells besides: an application registers its own here, under names that do not begin with
    /// `axum_trailers_`.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Sets the limits.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits.within_bounds();
        self
    }

    /// Serves a gRPC service beside the router, on the same listeners: requests whose path begins with `/` and the
    /// service's name. That is the `SERVICE_NAME` beside a service that tonic generates.
    ///
    /// Any version of tonic will do that has `http` 1.x (0.12 and later), without its `transport` and `router`: this
    /// server is both. A service's `tonic::Request` has axum's `ConnectInfo<SocketAddr>` among its extensions. A call over
    /// HTTP/1.1 is answered with 505.
    ///
    /// What [`Limits`] says of responses holds here too. A request's messages may take their time: a stream of them
    /// that is silent is no stalled body, and `PING` finds clients that are gone.
    ///
    /// ```text
    /// server.grpc(greeter_server::SERVICE_NAME, GreeterServer::new(MyGreeter))
    /// ```
    ///
    /// `examples/grpc.rs` does it with a service that is there.
    #[must_use]
    pub fn grpc<S, B>(mut self, name: &str, service: S) -> Self
    where
        S: Service<http_1::Request<Incoming>, Response = http_1::Response<B>, Error = Infallible>
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send,
        B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        self.grpc = self.grpc.with(name, service);
        self
    }

    /// Sets how long running streams have after the first signal before they are cut.
    #[must_use]
    pub fn shutdown_timeout(mut self, timeout: Duration) -> Self {
        self.shutdown_timeout = timeout;
        self
    }

    /// The addresses that it listens on for HTTPS, with their real ports.
    #[must_use]
    pub fn local_addrs(&self) -> Vec<SocketAddr> {
        addresses(&self.listeners)
    }

    /// The addresses that it redirects from, with their real ports.
    #[must_use]
    pub fn redirect_addrs(&self) -> Vec<SocketAddr> {
        addresses(&self.redirects)
    }

    /// The addresses that it tells its metrics on, with their real ports.
    #[must_use]
    pub fn metrics_addrs(&self) -> Vec<SocketAddr> {
        addresses(&self.metrics)
    }

    /// A handle that ends the server while it runs.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Catches SIGINT and SIGTERM from now on, to end the server once it serves.
    ///
    /// After the first of them new connections are refused, and running streams have the shutdown timeout to end.
    /// What runs on then is cut, and so it is after a second one.
    ///
    /// # Errors
    ///
    /// An [`io::Error`] where signals can't be caught.
    ///
    /// # Panics
    ///
    /// Panics outside a tokio runtime.
    pub fn ending_on_signals(mut self) -> io::Result<Self> {
        self.signals = Some(Signals::catch()?);
        Ok(self)
    }

    /// Reads certificate and key anew while it serves: on SIGHUP, which is caught from now on, and when the files
    /// change that [`Tls::from_pem_files`] had them from.
    ///
    /// New handshakes get the new certificate; open connections and what runs on them go on untouched. TLS sessions
    /// begun under the old one are not resumed, and their clients make a full handshake.
    ///
    /// The files are looked at each second, and taken once both have stayed the same for two looks; on SIGHUP they are
    /// taken at once. What is of no use is an `ERROR` in the log, once until the files change again, and the old pair
    /// stays; what is taken is an `INFO`.
    ///
    /// A pair from [`Tls::from_pem`], or from anything but regular files (a pipe), can't be read anew: then SIGHUP is an
    /// `INFO` and no more. In no case does it end the process from now on.
    ///
    /// # Errors
    ///
    /// An [`io::Error`] where the signal can't be caught.
    ///
    /// # Panics
    ///
    /// Panics outside a tokio runtime.
    pub fn reloading_certificate(mut self) -> io::Result<Self> {
        self.hangup = Some(Hangup::catch()?);
        Ok(self)
    }

    /// Serves the router until a signal ends it: [`ending_on_signals`](Self::ending_on_signals) and
    /// [`serve`](Self::serve) in one.
    ///
    /// # Errors
    ///
    /// An [`io::Error`] where a listener or the signals can't be used.
    pub async fn run(self, router: Router) -> io::Result<()> {
        self.ending_on_signals()?.serve(router).await
    }

    /// Serves the router until its [`Handle`] ends it. Where the future is dropped, its connections are cut.
    ///
    /// # Errors
    ///
    /// An [`io::Error`] where a listener can't be used, or there is none.
    pub async fn serve(mut self, router: Router) -> io::Result<()> {
        let (handle, timeout) = (self.handle(), self.shutdown_timeout);
        let ending = self.signals.take().map(|signals| end_on_signals(signals, handle, timeout));
        let reloading = self.hangup.take().map(|hangup| reload(self.tls.clone(), hangup));
        tokio::select! {
            served = self.serve_until_ended(router) => served,
            never = if_any(ending) => match never {},
            never = if_any(reloading) => match never {},
        }
    }

    async fn serve_until_ended(mut self, router: Router) -> io::Result<()> {
        if self.listeners.is_empty() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "no address to listen on: call `bind`"));
        }
        let ended = EndedOnDrop(self.handle());
        let shutdown = ended.0.shutdown();
        let counted = (!self.metrics.is_empty()).then(|| Metrics::new(&self.registry));
        let told = self.tell_metrics()?;
        let limits = Arc::new(self.limits.clone());
        let app = MakeBridge::new(router, self.grpc.clone(), limits, shutdown.clone(), counted);
        let connections_ended = app.connections_ended();
        let accepting = try_join_all(self.accept_loops(&app)?);
        let served = async {
            tokio::select! {
                // It ends by an error alone.
                accepted = accepting => return accepted.map(drop),
                // With the futures the listeners are dropped: the kernel refuses from now on.
                () = shutdown.begun() => {}
            }
            tokio::select! {
                () = connections_ended => {}
                () = shutdown.cut() => {}
            }
            Ok(())
        };
        tokio::select! {
            served = served => served,
            told = told => told,
        }
    }

    /// Tells the metrics until the future is dropped.
    fn tell_metrics(&mut self) -> io::Result<impl Future<Output = io::Result<()>> + Send + use<>> {
        let ended = EndedOnDrop(Handle::new());
        let limits = Limits { connections: METRICS_CONNECTIONS, ..self.limits.clone() };
        let page = metrics::page(self.registry.clone());
        let shutdown = ended.0.shutdown();
        let app = MakeBridge::new(page, GrpcServices::default(), Arc::new(limits.clone()), shutdown, None);
        let loops = std::mem::take(&mut self.metrics).into_iter().map(|listener| {
            let server = on(listener, &ended.0, &limits)?.acceptor(PlainAcceptor);
            Ok(server.serve(app.clone()))
        });
        let loops = loops.collect::<io::Result<Vec<_>>>()?;
        Ok(async move {
            let _until_dropped = ended;
            try_join_all(loops).await?;
            // There is none, and nothing to wait for.
            std::future::pending().await
        })
    }

    fn accept_loops(
        self,
        app: &MakeBridge,
    ) -> io::Result<Vec<impl Future<Output = io::Result<()>> + Send + use<>>> {
        let Self { tls, listeners, redirects, limits, handle, .. } = self;
        let https_port = addresses(&listeners).first().map_or(443, SocketAddr::port);
        let redirect = app.with_router(redirect::to_https(https_port));

        let https = listeners.into_iter().map(|listener| {
            let acceptor = TlsAcceptor::new(tls.config(), limits.handshake, handle.shutdown());
            Ok(Either::Left(on(listener, &handle, &limits)?.acceptor(acceptor).serve(app.clone())))
        });
        let plain = redirects.into_iter().map(|listener| {
            let server = on(listener, &handle, &limits)?.acceptor(PlainAcceptor);
            Ok(Either::Right(server.serve(redirect.clone())))
        });
        https.chain(plain).collect()
    }
}

/// Ends the connections with the future that serves them, however that ends.
struct EndedOnDrop(Handle);

impl Drop for EndedOnDrop {
    fn drop(&mut self) {
        self.0.cut();
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
    tracing::info!(signal, ?timeout, "shutting down: running streams may end");
    tokio::select! {
        () = handle.drain(timeout) => {}
        signal = signals.next() => {
            tracing::warn!(signal, connections = handle.connections(), "cutting what still runs");
            handle.cut();
        }
    }
    std::future::pending().await
}

/// So many can read the metrics at once.
const METRICS_CONNECTIONS: usize = 8;

type HttpServer = axum_server::Server<SocketAddr, DefaultAcceptor>;

fn on(listener: TcpListener, handle: &Handle, limits: &Limits) -> io::Result<HttpServer> {
    listener.set_nonblocking(true)?;
    let mut server = axum_server::from_tcp(listener)?.handle(handle.inner());
    let http = server.http_builder();
    // Without a timer hyper leaves out each of these timeouts and says nothing.
    http.http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.request_headers)
        .max_buf_size(limits.header_section as usize);
    http.http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(limits.ping)
        .keep_alive_timeout(limits.ping_timeout())
        .max_concurrent_streams(limits.streams)
        .max_header_list_size(limits.bound_of_h2())
        .max_send_buf_size(HTTP2_SEND_BUFFER);
    Ok(server)
}

/// What h2 keeps of one stream for a reader whose window is open and whose socket is full, in bytes. hyper's
/// default is 400 KiB, which a stalled reader would hold.
const HTTP2_SEND_BUFFER: usize = 32 * 1024;

fn listen(address: impl ToSocketAddrs + fmt::Display) -> Result<Vec<TcpListener>, BindError> {
    let unresolved = |source| BindError { address: address.to_string(), source };
    let addresses = address.to_socket_addrs().map_err(unresolved)?;
    addresses
        .map(|address| {
            TcpListener::bind(address).map_err(|source| BindError { address: address.to_string(), source })
        })
        .collect()
}

fn addresses(listeners: &[TcpListener]) -> Vec<SocketAddr> {
    listeners.iter().filter_map(|listener| listener.local_addr().ok()).collect()
}

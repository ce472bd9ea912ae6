use crate::{
    app::{GrpcRequestBody, GrpcServices},
    limits::Limits,
    shutdown::{Handle, Hangup, Signals},
    tcp::{BindError, addresses, listen},
    tls::Tls,
    worker::{THREADS_PER_CORE, cores},
};
use axum::{BoxError, body::Bytes};
use http_body_1::Body;
use prometheus::Registry;
use std::{
    convert::Infallible,
    fmt, io,
    net::{SocketAddr, TcpListener, ToSocketAddrs},
    time::Duration,
};
use tower_service::Service;

const MOST_THREADS: usize = 1024;

/// A TLS server for an axum 0.6 router.
///
/// See the [module](super) for the shortest example.
#[derive(Debug)]
pub struct Server {
    pub(super) tls: Tls,
    pub(super) grpc: GrpcServices,
    pub(super) listeners: Vec<TcpListener>,
    pub(super) redirects: Vec<TcpListener>,
    pub(super) metrics: Vec<TcpListener>,
    pub(super) registry: Registry,
    pub(super) limits: Limits,
    pub(super) threads: usize,
    pub(super) shutdown_timeout: Duration,
    pub(super) signals: Option<Signals>,
    pub(super) hangup: Option<Hangup>,
    pub(super) handle: Handle,
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
            threads: (THREADS_PER_CORE * cores()).min(MOST_THREADS),
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
    /// [`Limits::connections`] says. Its own requests are not counted, and logged at `DEBUG`.
    ///
    /// | Metric | Labels | |
    /// |---|---|---|
    /// | `axum_trailers_connections` | | connections that are open |
    /// | `axum_trailers_connections_refused_total` | `reason` | `too_many_open` (see [`Limits::connections`]), `accept_failed` (as a rule no file descriptor was left) |
    /// | `axum_trailers_handshakes_failed_total` | `reason` | `plain_http`, `proxy_header`, `not_tls`, `alpn` (no protocol in common), `refused_by_client` (as a rule the certificate), `tls` (any other error), `timeout`, `client_gone`, `probe` (closed before its first byte) |
    /// | `axum_trailers_streams` | | requests whose response has not ended |
    /// | `axum_trailers_requests_total` | `protocol`, `route`, `status` | requests whose response has ended, those that hyper refused included |
    /// | `axum_trailers_received_bytes_total`, `…_sent_…` | | bytes of connections, TLS included |
    /// | `axum_trailers_response_body_bytes_total` | `protocol` | bytes of content |
    /// | `axum_trailers_trailer_sections_sent_total` | `protocol` | |
    /// | `axum_trailers_trailer_sections_withheld_total` | `protocol`, `reason` | `not_asked` (no `TE: trailers`), `old_protocol` |
    /// | `axum_trailers_streams_failed_total` | `protocol`, `reason` | `body`, `length`, `request_trailers`, `request_framing` (its chunked content is malformed), `slow_request` (its content stalled or came too slowly once the response had begun), `told_by_trailers` (the message is whole, and its trailers say so), `untold` (they could not be sent), `section_too_large` (for the client), `grpc_status` (a call's status is the server's fault: `UNKNOWN`, `DEADLINE_EXCEEDED`, `UNIMPLEMENTED`, `INTERNAL`, `UNAVAILABLE`, `DATA_LOSS`), and where the server cut it `stalled_reader`, `pseudo_header` (in a trailer section), `self_dependency` (a stream depends on itself), `shutdown` |
    /// | `axum_trailers_grpc_calls_total` | `service`, `status` | gRPC calls that have ended with a status |
    /// | `axum_trailers_clients_gone_total` | `protocol` | responses that clients did not take to the end |
    /// | `axum_trailers_first_byte_seconds`, `…_end_seconds` | `route` | histograms, from the end of the request's header section |
    ///
    /// A route is named as the router has it, a gRPC service by its name; what neither answers is `none`, and so is what a
    /// service answers that is in the router by `nest_service`: axum 0.6 tells no layer of it. (`nest` keeps its routes'
    /// names.) A status that is not registered is `other`, and where the client left before there was one it is `none`.
    ///
    /// # Errors
    ///
    /// As for [`bind`](Self::bind). That the [`registry`](Self::registry) has one of these names is an error of
    /// [`serve`](Self::serve).
    pub fn metrics(mut self, address: impl ToSocketAddrs + fmt::Display) -> Result<Self, BindError> {
        self.metrics.extend(listen(address)?);
        Ok(self)
    }

    /// What `GET /metrics` tells besides: an application registers its own here, before it serves or later.
    ///
    /// The names in the table of [`metrics`](Self::metrics) are the server's. Those of
    /// axum-trailers-workbench also begin with `axum_trailers_`. A prefix of the application's own keeps out of the way of both.
    ///
    /// ```no_run
    /// use axum_trailers_server::{Server, Tls, prometheus::IntCounter};
    ///
    /// # fn start() -> Result<(), Box<dyn std::error::Error>> {
    /// let server = Server::new(Tls::from_pem_files("cert.pem", "key.pem")?).metrics("127.0.0.1:9090")?;
    /// let orders = IntCounter::new("shop_orders_total", "Orders that were taken.")?;
    /// server.registry().register(Box::new(orders.clone()))?;
    /// # Ok(())
    /// # }
    /// ```
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

    /// Sets how many threads serve, from 1 to 1024. Default: one for each core.
    ///
    /// Each has a tokio runtime of its own, of that thread alone (`current_thread`), on which the handlers of its
    /// connections and what they [`spawn`](tokio::spawn) run: no chunk crosses a core on its way to the socket. A new
    /// connection goes to a thread that has no more than others, of many a sixteenth more, and stays there.
    ///
    /// So a handler that blocks holds up all that its thread serves: what takes longer than some 100 µs belongs into
    /// [`spawn_blocking`](tokio::task::spawn_blocking). (`block_in_place` panics on such a runtime.) What is still running
    /// half a second after the server's end is dropped: what has to outlive it is spawned on a
    /// [`Handle`](tokio::runtime::Handle) of another runtime, the caller's for one.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads.clamp(1, MOST_THREADS);
        self
    }

    /// Serves a gRPC service beside the router, on the same listeners: requests whose path begins with `/` and the
    /// service's name. That is the `SERVICE_NAME` beside a service that tonic generates.
    ///
    /// Any version of tonic will do that has `http` 1.x (0.12 and later), without its `transport` and `router`: this
    /// server is both. A service's `tonic::Request` has axum's `ConnectInfo<SocketAddr>` among its extensions. A call over
    /// HTTP/1.1 is answered with 505, one that is no `POST` with 405, one whose content is not `application/grpc` with
    /// 415. Past its `grpc-timeout` a call is `DEADLINE_EXCEEDED`, and what the service still does for it is dropped.
    ///
    /// What [`Limits`] says of responses holds here too. Of a request, [`stalled_body`](Limits::stalled_body) bounds the
    /// wait for its first message, unless the service answers before; later messages may take their time, and `PING`
    /// finds clients that are gone. Trailing metadata of names that RFC 9110 §6.5.1 forbids as trailers are left out, in
    /// both directions. Responses have no `Trailer` field: gRPC announces nothing.
    ///
    /// ```text
    /// server.grpc(greeter_server::SERVICE_NAME, GreeterServer::new(MyGreeter))
    /// ```
    ///
    /// `examples/grpc.rs` does it with a service that is there.
    ///
    /// # Panics
    ///
    /// Panics where the name is empty or has a slash, or is that of another service.
    #[must_use]
    pub fn grpc<S, B>(mut self, name: &str, service: S) -> Self
    where
        S: Service<http_1::Request<GrpcRequestBody>, Response = http_1::Response<B>, Error = Infallible>
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
    pub fn shutdown_on_signals(mut self) -> io::Result<Self> {
        self.signals = Some(Signals::catch()?);
        Ok(self)
    }

    /// Reads certificate and key again while it serves: on SIGHUP, which is caught from now on, and when the files
    /// change that [`Tls::from_pem_files`] had them from.
    ///
    /// New handshakes get the new certificate; open connections and what runs on them go on untouched. TLS sessions
    /// begun under the old one are not resumed, and their clients make a full handshake.
    ///
    /// The files are looked at each second, and taken once both have stayed the same for two looks; on SIGHUP they are
    /// taken at once. What is of no use is an `ERROR` in the log, once until the files change again, and the old pair
    /// stays; what is taken is an `INFO`. What is of use are regular files of up to 1 MiB.
    ///
    /// A pair from [`Tls::from_pem`], or from anything but regular files (a pipe), can't be read again: then SIGHUP is an
    /// `INFO` and no more. In no case does it end the process from now on.
    ///
    /// # Errors
    ///
    /// An [`io::Error`] where the signal can't be caught.
    ///
    /// # Panics
    ///
    /// Panics outside a tokio runtime.
    pub fn reload_certificates(mut self) -> io::Result<Self> {
        self.hangup = Some(Hangup::catch()?);
        Ok(self)
    }
}

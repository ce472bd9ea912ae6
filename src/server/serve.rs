use super::{
    Handle, Limits, Tls,
    accept::{PlainAcceptor, TlsAcceptor},
    bridge::{GrpcServices, MakeBridge},
    redirect,
    signals::Signals,
};
use axum::{BoxError, Router, body::Bytes};
use axum_server::accept::DefaultAcceptor;
use futures_util::future::{Either, try_join_all};
use http_body_1::Body;
use hyper::body::Incoming;
use hyper_util::rt::TokioTimer;
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
    limits: Limits,
    shutdown_timeout: Duration,
    signals: Option<Signals>,
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
            limits: Limits::default(),
            shutdown_timeout: Self::DEFAULT_SHUTDOWN_TIMEOUT,
            signals: None,
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
    /// ```ignore
    /// Server::new(tls).grpc(greeter_server::SERVICE_NAME, GreeterServer::new(MyGreeter))
    /// ```
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
        let Some(signals) = self.signals.take() else {
            return self.serve_until_ended(router).await;
        };
        let ending = end_on_signals(signals, &handle, timeout);
        tokio::select! {
            served = self.serve_until_ended(router) => served,
            never = ending => match never {},
        }
    }

    async fn serve_until_ended(self, router: Router) -> io::Result<()> {
        if self.listeners.is_empty() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "no address to listen on: call `bind`"));
        }
        let ended = EndedOnDrop(self.handle());
        let shutdown = ended.0.shutdown();
        let app = MakeBridge::new(router, self.grpc.clone(), Arc::new(self.limits.clone()), shutdown.clone());
        let connections_ended = app.connections_ended();
        let accepting = try_join_all(self.accept_loops(&app)?);
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

async fn end_on_signals(mut signals: Signals, handle: &Handle, timeout: Duration) -> Infallible {
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

//! A server from its first connection to its end.

use crate::{
    app::{App, GrpcServices},
    connection::{ConnectionLimit, Purpose},
    limits::Limits,
    metrics::{self, ServerMetrics},
    redirect,
    serve::Server,
    shutdown::{Handle, Signals},
    tcp::{Balancer, Connections, Rejections, addresses, on_runtime, worker_queue},
    tls::reload,
    worker::Worker,
};
use axum::Router;
use futures_util::future::join_all;
use std::{
    convert::Infallible,
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

/// So many can read the metrics at once.
const METRICS_CONNECTIONS: usize = 8;

/// So many threads accept. Each new connection wakes those of them that sleep, and one that is held up by a handler must
/// not be the only one.
const ACCEPTING_THREADS: usize = 4;

impl Server {
    /// Serves the router until a signal ends it: [`shutdown_on_signals`](Self::shutdown_on_signals) and
    /// [`serve`](Self::serve) in one.
    ///
    /// # Errors
    ///
    /// An [`io::Error`] where a listener or the signals can't be used, and as for [`serve`](Self::serve).
    pub async fn run(self, router: Router) -> io::Result<()> {
        self.shutdown_on_signals()?.serve(router).await
    }

    /// Serves the router until its [`Handle`] ends it. Where the future is dropped, its connections are cut.
    ///
    /// # Errors
    ///
    /// An [`io::Error`] where a listener can't be used, or there is none. Where [`metrics`](Self::metrics) are to be told,
    /// and the [`registry`](Self::registry) has one already of a name of the server's own, its kind is
    /// [`AlreadyExists`](io::ErrorKind::AlreadyExists).
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
        let counted = self.counted()?;
        let told = self.tell_metrics();
        let limits = Arc::new(self.limits.clone());
        let app =
            App::new(Purpose::Https, router, self.grpc.clone(), limits, shutdown.clone(), counted.clone());
        let permits = ConnectionLimit::new(self.limits.connections);
        let rejections = |purpose| Rejections::new(purpose, counted.clone(), shutdown.clone());
        let redirecting = self.redirecting(&app, &permits, rejections(Purpose::Redirect));
        let workers = self.start_workers(&app, &permits, &rejections(Purpose::Https))?;
        let served = async {
            tokio::select! {
                redirected = redirecting => match redirected? {},
                () = shutdown.begun() => {}
            }
            tokio::select! {
                () = permits.all_released() => {}
                () = shutdown.cut() => {}
            }
            Ok(())
        };
        let served = tokio::select! {
            served = served => served,
            told = told => match told? {},
        };
        drop(ended);
        join_all(workers.into_iter().map(Worker::ended)).await;
        served
    }

    fn counted(&self) -> io::Result<Option<ServerMetrics>> {
        if self.metrics.is_empty() {
            return Ok(None);
        }
        let metrics = ServerMetrics::new(&self.registry);
        metrics.map(Some).map_err(|taken| io::Error::new(io::ErrorKind::AlreadyExists, taken))
    }

    /// Starts the threads that serve HTTPS. The first of them accept, for all of them.
    fn start_workers(
        &mut self,
        app: &App,
        permits: &ConnectionLimit,
        rejections: &Rejections,
    ) -> io::Result<Vec<Worker>> {
        let listeners = std::mem::take(&mut self.listeners);
        let (queues, accepted): (Vec<_>, Vec<_>) = (0..self.threads).map(|_| worker_queue()).unzip();
        let queues = Arc::from(queues);
        let workers = accepted.into_iter().enumerate().map(|(own, accepted)| {
            let shutdown = self.handle.shutdown();
            let tls = Some(self.tls.clone());
            let connections = Connections::new(app.for_thread(), tls, &self.limits, rejections.clone());
            let serving = connections.serve(accepted);
            let (permits, queues) = (permits.clone(), Arc::clone(&queues));
            let balancer = Balancer { rejections: rejections.clone(), permits, queues, own };
            let accepts = if own < ACCEPTING_THREADS { &*listeners } else { &[] };
            let listeners = accepts.iter().map(TcpListener::try_clone).collect::<io::Result<Vec<_>>>()?;
            let begin = {
                let shutdown = shutdown.clone();
                move || {
                    let listeners = on_this_runtime(listeners)?;
                    Ok(async move {
                        let dealing = async {
                            tokio::select! {
                                never = accept_all(&balancer, listeners) => match never {},
                                // With the future the listeners are dropped: the kernel refuses from now on.
                                () = shutdown.begun() => {}
                            }
                        };
                        let ((), _served) = tokio::join!(dealing, serving);
                    })
                }
            };
            Worker::start(own, begin, async move { shutdown.ended().await })
        });
        workers.collect()
    }

    /// Redirects until the future is dropped.
    fn redirecting(
        &mut self,
        app: &App,
        permits: &ConnectionLimit,
        rejections: Rejections,
    ) -> impl Future<Output = io::Result<Infallible>> + Send + use<> {
        let https_port = addresses(&self.listeners).first().map_or(443, SocketAddr::port);
        let redirect = Plain {
            app: app.with_router(Purpose::Redirect, redirect::to_https(https_port)),
            listeners: std::mem::take(&mut self.redirects),
            limits: self.limits.clone(),
            permits: permits.clone(),
            rejections,
        };
        redirect.serve()
    }

    /// Tells the metrics until the future is dropped.
    fn tell_metrics(&mut self) -> impl Future<Output = io::Result<Infallible>> + Send + use<> {
        let ended = EndedOnDrop(Handle::new());
        let limits = Limits { connections: METRICS_CONNECTIONS, ..self.limits.clone() };
        let page = metrics::page(self.registry.clone());
        let app = App::new(
            Purpose::Metrics,
            page,
            GrpcServices::default(),
            Arc::new(limits.clone()),
            ended.0.shutdown(),
            None,
        );
        let listeners = std::mem::take(&mut self.metrics);
        let permits = ConnectionLimit::new(METRICS_CONNECTIONS);
        let rejections = Rejections::new(Purpose::Metrics, None, ended.0.shutdown());
        let plain = Plain { app, listeners, limits, permits, rejections };
        async move {
            let _until_dropped = ended;
            plain.serve().await
        }
    }
}

/// Listeners for plain HTTP, whose few connections live on the caller's runtime.
struct Plain {
    app: App,
    listeners: Vec<TcpListener>,
    limits: Limits,
    permits: ConnectionLimit,
    rejections: Rejections,
}

impl Plain {
    async fn serve(self) -> io::Result<Infallible> {
        let (queue, accepted) = worker_queue();
        let (permits, queues, rejections) = (self.permits, Arc::new([queue]), self.rejections);
        let connections = Connections::new(self.app, None, &self.limits, rejections.clone());
        let balancer = Balancer { rejections, permits, queues, own: 0 };
        let listeners = on_this_runtime(self.listeners)?;
        tokio::select! {
            never = accept_all(&balancer, listeners) => match never {},
            () = connections.serve(accepted) => std::future::pending().await,
        }
    }
}

fn on_this_runtime(listeners: Vec<TcpListener>) -> io::Result<Vec<tokio::net::TcpListener>> {
    listeners.into_iter().map(on_runtime).collect()
}

/// Accepts connections until the future is dropped.
async fn accept_all(balancer: &Balancer, listeners: Vec<tokio::net::TcpListener>) -> Infallible {
    join_all(listeners.into_iter().map(|listener| balancer.accept_loop(listener))).await;
    // There is none, and nothing to wait for.
    std::future::pending().await
}

/// Ends the connections with the future that serves them, however that ends.
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
    tracing::info!(signal, ?timeout, "shutting down: running streams may end");
    tokio::select! {
        () = handle.drain(timeout) => {}
        signal = signals.next() => {
            tracing::warn!(signal, connections = handle.connections(), "cutting what still runs");
            handle.abort();
        }
    }
    std::future::pending().await
}

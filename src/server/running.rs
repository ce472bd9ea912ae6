//! A server from its first connection to its end.

use super::{
    Handle, Limits, Server,
    accept::{PlainAcceptor, TlsAcceptor},
    bridge::{GrpcServices, MakeBridge},
    listen::{Purpose, addresses},
    metrics::{self, Metrics},
    redirect,
    signals::Signals,
    tuning::on,
};
use axum::Router;
use futures_util::future::{Either, try_join_all};
use std::{convert::Infallible, io, net::SocketAddr, sync::Arc, time::Duration};

/// So many can read the metrics at once.
const METRICS_CONNECTIONS: usize = 8;

impl Server {
    pub(super) async fn serve_until_ended(mut self, router: Router) -> io::Result<()> {
        if self.listeners.is_empty() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "no address to listen on: call `bind`"));
        }
        let ended = EndedOnDrop(self.handle());
        let shutdown = ended.0.shutdown();
        let counted = self.counted()?;
        let told = self.tell_metrics()?;
        let limits = Arc::new(self.limits.clone());
        let app =
            MakeBridge::new(Purpose::Https, router, self.grpc.clone(), limits, shutdown.clone(), counted);
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

    fn counted(&self) -> io::Result<Option<Metrics>> {
        if self.metrics.is_empty() {
            return Ok(None);
        }
        let metrics = Metrics::new(&self.registry);
        metrics.map(Some).map_err(|taken| io::Error::new(io::ErrorKind::AlreadyExists, taken))
    }

    /// Tells the metrics until the future is dropped.
    fn tell_metrics(&mut self) -> io::Result<impl Future<Output = io::Result<()>> + Send + use<>> {
        let ended = EndedOnDrop(Handle::new());
        let limits = Limits { connections: METRICS_CONNECTIONS, ..self.limits.clone() };
        let page = metrics::page(self.registry.clone());
        let shutdown = ended.0.shutdown();
        let app = MakeBridge::new(
            Purpose::Metrics,
            page,
            GrpcServices::default(),
            Arc::new(limits.clone()),
            shutdown,
            None,
        );
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
        let redirect = app.with_router(Purpose::Redirect, redirect::to_https(https_port));

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

pub(super) async fn if_any(endless: Option<impl Future<Output = Infallible>>) -> Infallible {
    match endless {
        Some(endless) => endless.await,
        None => std::future::pending().await,
    }
}

pub(super) async fn end_on_signals(mut signals: Signals, handle: Handle, timeout: Duration) -> Infallible {
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

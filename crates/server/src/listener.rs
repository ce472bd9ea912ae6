use crate::{
    app::App,
    client_address::ProxyTrust,
    connection::ConnectionLimit,
    shutdown::Shutdown,
    tcp::{
        AcceptedConnections, Balancer, Connections, Endpoint, OpenEndpoint, Rejections, WorkerQueue,
        worker_queue,
    },
    tls::Tls,
    worker::{Worker, cores},
};
use futures_util::future::join_all;
use std::{convert::Infallible, io, ops::RangeInclusive, sync::Arc};

/// An application, the endpoints that it is served on, and the limit on its connections.
pub(crate) struct Listener {
    endpoints: Vec<Endpoint>,
    app: App,
    /// `None` if no endpoint is for HTTPS.
    tls: Option<Tls>,
    trust: Arc<ProxyTrust>,
    permits: ConnectionLimit,
    rejections: Rejections,
    cores: usize,
}

/// How many threads accept, as many as there are cores within these bounds: few, because each new connection wakes all of
/// them that sleep; several, because a handler may block one.
const ACCEPTING_THREADS: RangeInclusive<usize> = 2..=4;

impl Listener {
    pub(crate) fn new(
        endpoints: Vec<Endpoint>,
        app: App,
        tls: Option<Tls>,
        permits: ConnectionLimit,
    ) -> Self {
        let rejections = Rejections::new(app.metrics().cloned(), app.shutdown().clone());
        let trust = Arc::default();
        Self { endpoints, app, tls, trust, permits, rejections, cores: cores() }
    }

    /// Sets what is believed of proxies: by default, nothing.
    pub(crate) fn trusting(self, trust: Arc<ProxyTrust>) -> Self {
        Self { trust, ..self }
    }

    /// Serves on its own threads until the server has ended. The first of them accept, for all of them.
    pub(crate) fn serve_on_threads(self, threads: usize) -> io::Result<Vec<Worker>> {
        let (queues, accepted): (Vec<_>, Vec<_>) = (0..threads).map(|_| worker_queue()).unzip();
        let queues = Arc::from(queues);
        let start = |(thread, accepted)| {
            let share = self.share(thread, &queues, accepted)?;
            let shutdown = self.app.shutdown().clone();
            Worker::start(thread, || share.begin(), async move { shutdown.ended().await })
        };
        accepted.into_iter().enumerate().map(start).collect()
    }

    /// Serves on the caller's runtime until the future is dropped.
    pub(crate) async fn serve_here(self) -> io::Result<Infallible> {
        let (queue, accepted) = worker_queue();
        let queues: Arc<[_]> = Arc::new([queue]);
        let share = self.share(0, &queues, accepted)?;
        // The share has its own copies of the sockets.
        drop(self);
        share.begin()?.await;
        std::future::pending().await
    }

    /// The share of one thread. `queues` belong to all threads.
    fn share(
        &self,
        thread: usize,
        queues: &Arc<[WorkerQueue]>,
        accepted: AcceptedConnections,
    ) -> io::Result<Share> {
        let accepting = self.cores.clamp(*ACCEPTING_THREADS.start(), *ACCEPTING_THREADS.end());
        let endpoints = if thread < accepting { &*self.endpoints } else { &[] };
        Ok(Share {
            endpoints: endpoints.iter().map(Endpoint::try_clone).collect::<io::Result<_>>()?,
            balancer: Balancer {
                rejections: self.rejections.clone(),
                permits: self.permits.clone(),
                queues: queues.clone(),
                own: thread,
                cores: self.cores,
            },
            connections: Connections::new(
                self.app.for_thread(),
                self.tls.clone(),
                self.trust.clone(),
                self.rejections.clone(),
            ),
            accepted,
            shutdown: self.app.shutdown().clone(),
        })
    }
}

/// One thread's part of a listener.
struct Share {
    endpoints: Vec<Endpoint>,
    balancer: Balancer,
    connections: Connections,
    accepted: AcceptedConnections,
    shutdown: Shutdown,
}

impl Share {
    /// Starts on this thread's runtime.
    fn begin(self) -> io::Result<impl Future<Output = ()>> {
        let Self { endpoints, balancer, connections, accepted, shutdown } = self;
        let endpoints = endpoints.into_iter().map(Endpoint::on_runtime).collect::<io::Result<Vec<_>>>()?;
        Ok(async move {
            tokio::join!(accept(endpoints, &balancer, &shutdown), connections.serve(accepted));
        })
    }
}

/// Accepts connections until the shutdown begins.
async fn accept(endpoints: Vec<OpenEndpoint>, balancer: &Balancer, shutdown: &Shutdown) {
    tokio::select! {
        _no_socket = join_all(endpoints.into_iter().map(|endpoint| balancer.accept_loop(endpoint))) => {}
        // Dropping the future closes the sockets, so the kernel refuses new connections.
        () = shutdown.begun() => {}
    }
}

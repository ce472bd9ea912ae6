#[cfg(feature = "http3")]
use crate::quic;
use crate::{
    accept::{
        Accepted, AcceptedConnection, AcceptedConnections, Balancer, Rejections, WorkerQueue, worker_queue,
    },
    app::App,
    client_address::ProxyTrust,
    connection::ConnectionLimit,
    shutdown::Shutdown,
    tcp::{self, Endpoint, OpenEndpoint, accept_loop},
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
    #[cfg(feature = "http3")]
    quic: Option<Quic>,
}

/// What serves HTTP/3.
#[cfg(feature = "http3")]
struct Quic {
    endpoints: Vec<quic::UdpEndpoint>,
    config: Arc<quic::Config>,
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
        Self {
            endpoints,
            app,
            tls,
            trust,
            permits,
            rejections,
            cores: cores(),
            #[cfg(feature = "http3")]
            quic: None,
        }
    }

    /// Sets what is believed of proxies: by default, nothing.
    pub(crate) fn trusting(self, trust: Arc<ProxyTrust>) -> Self {
        Self { trust, ..self }
    }

    /// Serves HTTP/3 on these endpoints. Without TLS, nothing.
    #[cfg(feature = "http3")]
    pub(crate) fn with_http3(mut self, endpoints: Vec<quic::UdpEndpoint>) -> Self {
        let of_tls = |tls: &Tls| Arc::new(quic::Config::new(tls.clone(), self.app.limits()));
        let config = self.tls.as_ref().filter(|_| !endpoints.is_empty()).map(of_tls);
        self.quic = config.map(|config| Quic { endpoints, config });
        self
    }

    /// Serves on its own threads until the server has ended. The first of them accept, for all of them.
    pub(crate) fn serve_on_threads(self, threads: usize) -> io::Result<Vec<Worker>> {
        let (queues, accepted): (Vec<_>, Vec<_>) = (0..threads).map(|_| worker_queue()).unzip();
        let queues = Arc::from(queues);
        #[cfg(feature = "http3")]
        let receiving = self.receive_packets(&queues)?;
        #[cfg(not(feature = "http3"))]
        let receiving = None;
        let start = |(thread, accepted)| {
            let share = self.share(thread, &queues, accepted)?;
            let shutdown = self.app.shutdown().clone();
            Worker::start(format!("trailers-{thread}"), || share.begin(), async move {
                shutdown.ended().await;
            })
        };
        accepted.into_iter().enumerate().map(start).chain(receiving.map(Ok)).collect()
    }

    /// Starts the thread that receives the packets of HTTP/3, if it is served.
    #[cfg(feature = "http3")]
    fn receive_packets(&self, queues: &Arc<[WorkerQueue]>) -> io::Result<Option<Worker>> {
        let Some(Quic { endpoints, config }) = &self.quic else {
            return Ok(None);
        };
        let endpoints = endpoints.iter().map(quic::UdpEndpoint::try_clone).collect::<io::Result<_>>()?;
        let config = config.clone();
        let (balancer, shutdown) = (self.balancer(usize::MAX, queues), self.app.shutdown().clone());
        let ended = shutdown.clone();
        let begin = move || quic::accept(endpoints, &config, balancer, shutdown);
        Worker::start("trailers-udp".to_owned(), begin, async move { ended.ended().await }).map(Some)
    }

    /// For the thread with this index. `queues` belong to all threads.
    fn balancer(&self, own: usize, queues: &Arc<[WorkerQueue]>) -> Balancer {
        Balancer {
            rejections: self.rejections.clone(),
            permits: self.permits.clone(),
            queues: queues.clone(),
            own,
            cores: self.cores,
        }
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

    /// Those of one thread.
    fn connections(&self) -> Served {
        let app = self.app.for_thread();
        Served {
            #[cfg(feature = "http3")]
            quic: self.quic.as_ref().map(|Quic { config, .. }| {
                let (config, trust) = (config.clone(), self.trust.clone());
                quic::Connections::new(app.clone(), config, trust, self.rejections.clone())
            }),
            tcp: tcp::Connections::new(app, self.tls.clone(), self.trust.clone(), self.rejections.clone()),
        }
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
            balancer: self.balancer(thread, queues),
            connections: self.connections(),
            accepted,
            shutdown: self.app.shutdown().clone(),
        })
    }
}

/// One thread's part of a listener.
struct Share {
    endpoints: Vec<Endpoint>,
    balancer: Balancer,
    connections: Served,
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

/// The connections of one thread, each in its own task.
struct Served {
    tcp: tcp::Connections,
    #[cfg(feature = "http3")]
    quic: Option<quic::Connections>,
}

impl Served {
    /// Serves as long as connections may arrive.
    async fn serve(self, mut accepted: AcceptedConnections) {
        while let Some(AcceptedConnection { transport, peer, purpose, permit }) = accepted.recv().await {
            match transport {
                Accepted::Tcp(stream) => self.tcp.serve(stream, peer, purpose, permit),
                #[cfg(feature = "http3")]
                Accepted::Quic(handshake) => {
                    if let Some(quic) = &self.quic {
                        quic.serve(*handshake, peer, permit);
                    }
                }
            }
        }
    }
}

/// Accepts connections until the shutdown begins.
async fn accept(endpoints: Vec<OpenEndpoint>, balancer: &Balancer, shutdown: &Shutdown) {
    tokio::select! {
        _no_socket = join_all(endpoints.into_iter().map(|endpoint| accept_loop(balancer, endpoint))) => {}
        // Dropping the future closes the sockets, so the kernel refuses new connections.
        () = shutdown.begun() => {}
    }
}

use axum_server::Handle as AxumHandle;
use std::{net::SocketAddr, time::Duration};
use tokio::{sync::watch, time::sleep};

/// How far the end of a server has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
enum Stage {
    Running,
    /// New connections are refused, running streams go on.
    Draining,
    /// Running streams are cut.
    Cut,
    Ended,
}

/// Ends a running [`Server`](super::Server).
///
/// It can be cloned; all clones end the same server.
#[derive(Clone, Debug)]
pub struct Handle {
    stage: watch::Sender<Stage>,
    inner: AxumHandle<SocketAddr>,
}

/// What the parts of a server see of its end.
#[derive(Clone, Debug)]
pub(super) struct Shutdown(watch::Receiver<Stage>);

impl Handle {
    pub(super) fn new() -> Self {
        Self {
            stage: watch::Sender::new(Stage::Running),
            inner: AxumHandle::new(),
        }
    }

    /// Refuses new connections and lets running streams end, for `timeout` at most; those that run on are then
    /// cut. Returns when the server has ended.
    pub async fn drain(&self, timeout: Duration) {
        self.enter(Stage::Draining);
        self.inner.graceful_shutdown(None);
        tokio::select! {
            () = self.shutdown().ended() => {}
            () = sleep(timeout) => {
                let connections = self.connections();
                tracing::warn!(connections, ?timeout, "shutdown timeout is over: cutting what still runs");
                self.cut();
            }
        }
    }

    /// Cuts running streams at once. Their clients see a broken transfer.
    pub fn cut(&self) {
        self.enter(Stage::Cut);
        self.inner.shutdown();
    }

    /// The number of open connections.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.inner.connection_count()
    }

    pub(super) fn shutdown(&self) -> Shutdown {
        Shutdown(self.stage.subscribe())
    }

    pub(super) fn inner(&self) -> AxumHandle<SocketAddr> {
        self.inner.clone()
    }

    pub(super) fn ended(&self) {
        self.enter(Stage::Ended);
    }

    fn enter(&self, stage: Stage) {
        self.stage.send_if_modified(|now| {
            let later = stage > *now;
            if later {
                *now = stage;
            }
            later
        });
    }
}

impl Shutdown {
    /// Waits until new connections are refused.
    pub(super) async fn begun(mut self) {
        self.reached(Stage::Draining).await;
    }

    /// Waits until running streams are cut.
    pub(super) async fn cut(mut self) {
        self.reached(Stage::Cut).await;
    }

    pub(super) fn is_cut(&self) -> bool {
        *self.0.borrow() >= Stage::Cut
    }

    async fn ended(mut self) {
        self.reached(Stage::Ended).await;
    }

    async fn reached(&mut self, stage: Stage) {
        if self.0.wait_for(|now| *now >= stage).await.is_err() {
            // Every handle is gone, and with them whoever could end the server.
            std::future::pending::<()>().await;
        }
    }
}

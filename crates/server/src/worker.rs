use std::{convert::Infallible, io, num::NonZeroUsize, sync::mpsc, thread, time::Duration};
use tokio::{
    runtime::{Builder, Handle, Runtime},
    sync::oneshot,
    time::{sleep, timeout},
};
use tracing::{Dispatch, dispatcher, subscriber::NoSubscriber};

/// A thread that serves the connections it is given.
pub(crate) struct Worker {
    ended: oneshot::Receiver<Infallible>,
}

/// How long tasks have to end after the server's end. Blocking ones have as long again.
const LAST_STEPS: Duration = Duration::from_millis(500);

/// How many cores the process may use.
pub(crate) fn cores() -> usize {
    thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

/// The default number of threads per core. With more, the chunks of a stream wait for fewer other tasks.
pub(crate) const THREADS_PER_CORE: usize = 2;

impl Worker {
    /// Starts a thread, which lives until `server_ended`. `begin` runs on the thread, in its runtime.
    pub(crate) fn start<F: Future>(
        name: String,
        begin: impl FnOnce() -> io::Result<F> + Send + 'static,
        server_ended: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<Self> {
        let (until_ended, ended) = oneshot::channel();
        let (report_start, started) = mpsc::channel();
        let log = dispatcher::get_default(Clone::clone);
        let work = move || {
            let _until_ended = until_ended;
            let ready = runtime().and_then(|runtime| {
                let serving = {
                    let _in_it = runtime.enter();
                    begin()?
                };
                Ok((runtime, serving))
            });
            let (runtime, serving) = match ready {
                Ok(ready) => ready,
                Err(error) => return report_start.send(Err(error)).expect("it is waited for"),
            };
            report_start.send(Ok(())).expect("it is waited for");
            with_log(&log, || {
                runtime.block_on(serve(serving, server_ended));
                runtime.shutdown_timeout(LAST_STEPS);
            });
        };
        thread::Builder::new().name(name).spawn(work)?;
        started.recv().map_err(io::Error::other)??;
        Ok(Self { ended })
    }

    /// Waits until the thread has ended, but not for long: a task may block it.
    pub(crate) async fn ended(self) {
        let _in_time = timeout(4 * LAST_STEPS, self.ended).await;
    }
}

fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread()
        .enable_all()
        .event_interval(EVENT_INTERVAL)
        // Other threads of this core may produce work for this one, such as a client on the same machine. A thread with
        // nothing to do lets them run before it sleeps, so it is woken less often.
        .on_thread_park(thread::yield_now)
        .build()
}

/// After how many tasks the runtime checks timers and sockets. With tokio's default, 61, the chunks of a slow stream arrive later
/// beside many short responses.
const EVENT_INTERVAL: u32 = 16;

async fn serve(serving: impl Future, server_ended: impl Future<Output = ()>) {
    // A thread goes on until the server has ended, even if it gets no more connections.
    tokio::select! {
        () = server_ended => {}
        never = async { serving.await; std::future::pending::<Infallible>().await } => match never {},
    }
    // Tasks that still run are dropped with the runtime.
    let _in_time = timeout(LAST_STEPS, no_task()).await;
}

/// Waits until the last task of this runtime has ended.
async fn no_task() {
    while Handle::current().metrics().num_alive_tasks() > 0 {
        sleep(Duration::from_millis(5)).await;
    }
}

/// Uses the subscriber of the thread that starts the server, if it has one.
fn with_log<T>(log: &Dispatch, run: impl FnOnce() -> T) -> T {
    if log.is::<NoSubscriber>() { run() } else { dispatcher::with_default(log, run) }
}

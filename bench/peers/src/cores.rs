//! A server with a single-threaded runtime for each core.

use anyhow::Result;
use socket2::{Domain, Protocol, Socket, Type};
use std::{
    net::{SocketAddr, TcpListener},
    sync::mpsc,
    thread,
};
use tokio::runtime;

/// Runs `serve` once for each core, each with its own runtime and listener.
///
/// # Errors
///
/// If a socket or a runtime can't be created. Returns when the first `serve` ends, with its result: a server on fewer
/// cores would be measured as if it used all.
pub fn run_on_each<F>(
    address: SocketAddr,
    serve: impl Fn(TcpListener) -> F + Clone + Send + 'static,
) -> Result<()>
where
    F: Future<Output = Result<()>>,
{
    let (ended, first_ended) = mpsc::channel();
    for _ in 0..thread::available_parallelism()?.get() {
        let listener = listener(address, true)?;
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let (serve, ended) = (serve.clone(), ended.clone());
        thread::spawn(move || ended.send(runtime.block_on(serve(listener))));
    }
    first_ended.recv()?
}

/// Creates a listener that does not block. A shared one uses `SO_REUSEPORT`.
///
/// # Errors
///
/// If the kernel refuses it.
pub fn listener(address: SocketAddr, shared: bool) -> Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(shared)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(1024)?;
    Ok(socket.into())
}

//! A server with a single-threaded runtime for each core.

use anyhow::Result;
use socket2::{Domain, Protocol, Socket, Type};
use std::{
    net::{SocketAddr, TcpListener, UdpSocket},
    sync::mpsc,
    thread,
};
use tokio::runtime;

/// Runs `serve` once for each core, each with its own runtime and a socket of `open`.
///
/// # Errors
///
/// If a socket or a runtime can't be created. Returns when the first `serve` ends, with its result: a server on fewer
/// cores would be measured as if it used all.
pub fn run_on_each<S, F>(
    open: impl Fn() -> Result<S>,
    serve: impl Fn(S) -> F + Clone + Send + 'static,
) -> Result<()>
where
    S: Send + 'static,
    F: Future<Output = Result<()>>,
{
    let (ended, first_ended) = mpsc::channel();
    for _ in 0..thread::available_parallelism()?.get() {
        let socket = open()?;
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let (serve, ended) = (serve.clone(), ended.clone());
        thread::spawn(move || ended.send(runtime.block_on(serve(socket))));
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

/// Creates a UDP socket that other threads can bind as well, with `SO_REUSEPORT`.
///
/// # Errors
///
/// If the kernel refuses it.
pub fn shared_udp(address: SocketAddr) -> Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_reuse_port(true)?;
    socket.bind(&address.into())?;
    Ok(socket.into())
}

//! Reports the start and the shutdown to the service manager, as
//! [`sd_notify(3)`](https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html) describes it.

use std::{convert::Infallible, future::pending};

/// Runs a server and reports when it is ready and when its shutdown starts. It counts as ready after its first poll, which
/// starts the threads that accept connections.
pub(crate) async fn reported<F: Future>(serving: F, shutdown_started: impl Future<Output = ()>) -> F::Output {
    let reporting = async {
        notify("READY=1");
        shutdown_started.await;
        notify("STOPPING=1");
        pending::<Infallible>().await
    };
    tokio::select! {
        biased;
        served = serving => served,
        never = reporting => match never {},
    }
}

#[cfg(target_os = "linux")]
fn notify(state: &str) {
    use std::{
        env,
        ffi::OsStr,
        io,
        os::{
            linux::net::SocketAddrExt,
            unix::{
                ffi::OsStrExt,
                net::{SocketAddr, UnixDatagram},
            },
        },
    };

    fn send(socket: &OsStr, state: &str) -> io::Result<usize> {
        let address = match socket.as_bytes() {
            [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
            _path => SocketAddr::from_pathname(socket)?,
        };
        let sender = UnixDatagram::unbound()?;
        // This thread also serves signals, the redirect and metrics.
        sender.set_nonblocking(true)?;
        sender.send_to_addr(state.as_bytes(), &address)
    }

    let socket = env::var_os("NOTIFY_SOCKET").filter(|socket| !socket.is_empty());
    if let Some(Err(error)) = socket.map(|socket| send(&socket, state)) {
        tracing::warn!(state, %error, "can't notify the service manager");
    }
}

#[cfg(not(target_os = "linux"))]
fn notify(_state: &str) {}

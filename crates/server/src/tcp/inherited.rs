//! Sockets that the service manager has opened
//! ([`sd_listen_fds(3)`](https://www.freedesktop.org/software/systemd/man/latest/sd_listen_fds.html)).

use super::endpoint::Endpoint;
use crate::connection::Purpose;
use listenfd::ListenFd;
use socket2::SockRef;
use std::{env, io, os::fd::AsFd};

/// The name of sockets for plain HTTP.
const PLAIN: &str = "plain";

/// The number of the first descriptor.
const FIRST: usize = 3;

/// Takes the inherited sockets. Another call gets none: the environment no longer names them.
pub(crate) fn inherited() -> io::Result<Vec<Endpoint>> {
    let names = env::var("LISTEN_FDNAMES").unwrap_or_default();
    let mut names = names.split(':');
    let mut sockets = ListenFd::from_env();
    (0..sockets.len()).map(|n| take(&mut sockets, n, names.next().unwrap_or_default())).collect()
}

fn take(sockets: &mut ListenFd, n: usize, name: &str) -> io::Result<Endpoint> {
    let wrong = |why| {
        let fd = FIRST + n;
        io::Error::new(io::ErrorKind::InvalidInput, format!("inherited descriptor {fd} ({name:?}) {why}"))
    };
    if let Ok(Some(socket)) = sockets.take_unix_listener(n) {
        return is_listening(&socket)
            .then(|| Endpoint::unix(socket, Purpose::Plain))
            .ok_or(wrong(NOT_LISTENING));
    }
    let Ok(Some(socket)) = sockets.take_tcp_listener(n) else {
        return Err(wrong("is neither a TCP nor a Unix stream socket"));
    };
    let purpose = if name == PLAIN { Purpose::Plain } else { Purpose::Https };
    is_listening(&socket).then(|| Endpoint::tcp(socket, purpose)).ok_or(wrong(NOT_LISTENING))
}

const NOT_LISTENING: &str = "does not listen (`Accept=yes` is not supported)";

/// Only some systems say whether it does.
fn is_listening(socket: &impl AsFd) -> bool {
    let socket = SockRef::from(socket);
    #[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
    return socket.is_listener().unwrap_or(false);
    #[cfg(not(any(target_os = "linux", target_os = "android", target_os = "freebsd")))]
    return socket.local_addr().is_ok();
}

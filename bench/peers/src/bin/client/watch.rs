use crate::PATIENCE;
use anyhow::{Context, Result, bail};
use rustix::io::ioctl_fionread;
use std::{
    collections::HashSet,
    fs,
    net::{Ipv4Addr, SocketAddr, SocketAddrV4},
    os::fd::{AsFd, OwnedFd},
    time::Duration,
};
use tokio::{
    net::TcpStream,
    time::{Instant, sleep},
};

const INTERVAL: Duration = Duration::from_millis(50);
const QUIET: Duration = Duration::from_secs(1);
const READS: usize = 5;

/// Watches held connections from outside, whether or not they are read.
pub(crate) struct Watch {
    server: SocketAddrV4,
    clients: HashSet<SocketAddr>,
    sockets: Vec<OwnedFd>,
}

impl Watch {
    pub(crate) fn new(server: SocketAddrV4) -> Self {
        Self { server, clients: HashSet::new(), sockets: Vec::new() }
    }

    pub(crate) fn add(&mut self, socket: &TcpStream) -> Result<()> {
        self.clients.insert(socket.local_addr()?);
        self.sockets.push(socket.as_fd().try_clone_to_owned()?);
        Ok(())
    }

    /// Waits until no unread bytes have arrived for one second.
    pub(crate) async fn quiet(&self) -> Result<()> {
        let mut unread = self.unread()?;
        let started = Instant::now();
        let mut moved = started;
        while moved.elapsed() < QUIET {
            if started.elapsed() > PATIENCE {
                bail!("the server still sends after {PATIENCE:?}");
            }
            sleep(INTERVAL).await;
            let now = self.unread()?;
            if now != unread {
                (unread, moved) = (now, Instant::now());
            }
        }
        Ok(())
    }

    fn unread(&self) -> Result<Vec<u64>> {
        self.sockets.iter().map(|socket| Ok(ioctl_fionread(socket)?)).collect()
    }

    /// Checks the server's end of each connection, because the client's end learns of a close only after the unread
    /// bytes. A closed connection costs the server nothing, so figures with it would be too good.
    pub(crate) fn all_open(&self) -> Result<()> {
        let mut missing = self.clients.clone();
        // The table is no snapshot: other connections that change during a read can hide lines.
        for _ in 0..READS {
            let table =
                fs::read_to_string("/proc/net/tcp").context("can't read the kernel's table of sockets")?;
            for (local, remote) in table.lines().filter_map(established) {
                if local == self.server {
                    missing.remove(&SocketAddr::V4(remote));
                }
            }
            if missing.is_empty() {
                return Ok(());
            }
        }
        bail!("the server has closed {} of {} connections", missing.len(), self.clients.len())
    }
}

/// The addresses of an established connection, from its line in `/proc/net/tcp`.
fn established(line: &str) -> Option<(SocketAddrV4, SocketAddrV4)> {
    const ESTABLISHED: &str = "01";
    let mut fields = line.split_ascii_whitespace().skip(1);
    let (local, remote) = (fields.next()?, fields.next()?);
    (fields.next()? == ESTABLISHED).then_some(())?;
    Some((address(local)?, address(remote)?))
}

/// The kernel prints an address as a number in the machine's byte order.
fn address(field: &str) -> Option<SocketAddrV4> {
    let (ip, port) = field.split_once(':')?;
    let ip = Ipv4Addr::from(u32::from_str_radix(ip, 16).ok()?.to_ne_bytes());
    Some(SocketAddrV4::new(ip, u16::from_str_radix(port, 16).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{io::Write, net::TcpListener};

    #[tokio::test]
    async fn a_close_behind_unread_bytes_is_seen() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let server = SocketAddrV4::new(Ipv4Addr::LOCALHOST, port);
        let mut watch = Watch::new(server);
        let (mut clients, mut accepted) = (Vec::new(), Vec::new());
        for _ in 0..2 {
            let client = TcpStream::connect(server).await.expect("the listener is there");
            watch.add(&client).expect("it is connected");
            clients.push(client);
            accepted.push(listener.accept().expect("a client has connected").0);
        }
        watch.all_open().expect("both are open");

        let mut first = accepted.remove(0);
        first.set_nonblocking(true).expect("it is a socket");
        while first.write(&[0; 4096]).is_ok() {}
        drop(first);
        let closed = watch.all_open().expect_err("one is closed");
        assert_eq!(closed.to_string(), "the server has closed 1 of 2 connections");
    }
}

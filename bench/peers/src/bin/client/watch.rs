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

/// Sees from outside what becomes of held connections, be they read or not.
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

    /// Waits until for one second nothing has come that is unread.
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

    /// A connection that the server has closed costs it nothing: figures with it would be too good. The
    /// client's end learns of a close only behind what is unread, so that the server's end is looked at.
    pub(crate) fn all_open(&self) -> Result<()> {
        let mut missing = self.clients.clone();
        // The table is no snapshot: a read that others' connections disturb can leave lines out.
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

/// The kernel prints an address as the number that its bytes are on this machine.
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

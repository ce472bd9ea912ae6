use super::{
    bridge::Bridge,
    connection::{Cut, FULL_RECORD, Guard, Protocol, RECORDS_TOGETHER, Socket},
    shutdown::Shutdown,
};
use axum_server::{
    accept::Accept,
    tls_rustls::{RustlsAcceptor, RustlsConfig},
};
use std::{
    future::{Ready, ready},
    io,
    pin::Pin,
    time::Duration,
};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

type AcceptFuture<S> = Pin<Box<dyn Future<Output = io::Result<(Box<Guard<S>>, Bridge)>> + Send>>;

/// Makes a socket of a TCP connection.
#[derive(Clone, Copy)]
pub(super) struct SocketAcceptor;

impl Accept<TcpStream, Bridge> for SocketAcceptor {
    type Stream = Socket;
    type Service = Bridge;
    type Future = Ready<io::Result<(Socket, Bridge)>>;

    fn accept(&self, stream: TcpStream, bridge: Bridge) -> Self::Future {
        let tuned = tune(&stream);
        let socket = Socket::new(stream, bridge.connection().clone());
        ready(tuned.map(|()| (socket, bridge)))
    }
}

fn tune(stream: &TcpStream) -> io::Result<()> {
    // With Nagle's algorithm a small chunk waits for the acknowledgement of the one before: 40 ms each.
    stream.set_nodelay(true)?;
    #[cfg(any(target_os = "linux", target_os = "android"))]
    if let Err(error) = socket2::SockRef::from(stream).set_tcp_notsent_lowat(UNSENT) {
        tracing::debug!(%error, "TCP_NOTSENT_LOWAT can't be set: slow readers may look like stalled ones");
    }
    Ok(())
}

/// What the kernel keeps unsent for a slow reader, in bytes.
///
/// It would take megabytes, and tell of room again only when a third of them is gone. A reader that takes 20 KB/s
/// of those moves for a minute without being seen to move.
#[cfg(any(target_os = "linux", target_os = "android"))]
const UNSENT: u32 = 128 * 1024;

/// What rustls keeps of a response for a slow reader, in bytes. Its default is 64 KiB.
const TLS_BUFFER: usize = RECORDS_TOGETHER * FULL_RECORD;

/// Accepts TLS, and holds the connection to the protocol that ALPN chose.
#[derive(Clone)]
pub(super) struct TlsAcceptor {
    tls: RustlsAcceptor<SocketAcceptor>,
    shutdown: Shutdown,
}

impl TlsAcceptor {
    pub(super) fn new(config: RustlsConfig, handshake: Duration, shutdown: Shutdown) -> Self {
        let tls = RustlsAcceptor::new(config).handshake_timeout(handshake).acceptor(SocketAcceptor);
        Self { tls, shutdown }
    }
}

impl Accept<TcpStream, Bridge> for TlsAcceptor {
    /// In a box, since the task that serves it would have room for it several times over.
    type Stream = Box<Guard<TlsStream<Socket>>>;
    type Service = Bridge;
    type Future = AcceptFuture<TlsStream<Socket>>;

    fn accept(&self, stream: TcpStream, bridge: Bridge) -> Self::Future {
        let peer = bridge.connection().peer;
        let handshake = self.tls.accept(stream, bridge);
        let shutdown = self.shutdown.clone();
        Box::pin(async move {
            let accepted = tokio::select! {
                accepted = handshake => accepted,
                // There is no request yet that could be lost.
                () = shutdown.begun() => Err(io::Error::new(io::ErrorKind::ConnectionAborted, Cut::Shutdown)),
            };
            let (mut stream, bridge) = accepted.inspect_err(|error| {
                tracing::debug!(%peer, %error, "TLS handshake failed");
            })?;
            stream.get_mut().1.set_buffer_limit(Some(TLS_BUFFER));
            let protocol = Protocol::chosen_by(stream.get_ref().1.alpn_protocol());
            let connection = bridge.connection().clone();
            Ok((Box::new(Guard::new(stream, connection, protocol)), bridge))
        })
    }
}

/// Accepts plain HTTP/1.1.
#[derive(Clone, Copy)]
pub(super) struct PlainAcceptor;

impl Accept<TcpStream, Bridge> for PlainAcceptor {
    type Stream = Guard<Socket>;
    type Service = Bridge;
    type Future = Ready<io::Result<(Guard<Socket>, Bridge)>>;

    fn accept(&self, stream: TcpStream, bridge: Bridge) -> Self::Future {
        let accepted = SocketAcceptor.accept(stream, bridge).into_inner();
        ready(accepted.map(|(socket, bridge)| {
            (Guard::new(socket, bridge.connection().clone(), Protocol::Http1), bridge)
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn accepted_connection_has_no_delay_and_keeps_little_unsent() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (_client, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
        let (stream, _) = accepted.expect("a connection");
        tune(&stream).expect("tuned");
        assert!(stream.nodelay().expect("the option"));
        #[cfg(any(target_os = "linux", target_os = "android"))]
        assert_eq!(socket2::SockRef::from(&stream).tcp_notsent_lowat().expect("the option"), UNSENT);
    }
}

//! The connections of one thread, each in its own task.

use super::{
    accepted::{AcceptedConnection, AcceptedConnections},
    guard::Guard,
    handshake,
    http::Http,
    plain,
    rejections::Rejections,
    socket::Socket,
    transport::Transport,
};
use crate::{
    app::App,
    connection::{CloseReason, Connection, ConnectionPermit, Protocol, Purpose},
    tls::Tls,
};
use socket2::TcpKeepalive;
use std::{io, sync::Arc, time::Duration};
use tokio::{net::TcpStream, time::timeout};

/// Serves the connections that are given to one thread.
pub(crate) struct Connections(Arc<Setting>);

struct Setting {
    app: App,
    /// `None` if no listener is for HTTPS.
    tls: Option<Tls>,
    http: Http,
    rejections: Rejections,
}

impl Connections {
    pub(crate) fn new(app: App, tls: Option<Tls>, rejections: Rejections) -> Self {
        let http = Http::new(app.limits());
        Self(Arc::new(Setting { app, tls, http, rejections }))
    }

    /// Serves as long as connections may arrive.
    pub(crate) async fn serve(self, mut accepted: AcceptedConnections) {
        while let Some(accepted_connection) = accepted.recv().await {
            tokio::spawn(self.0.clone().serve(accepted_connection));
        }
    }
}

impl Setting {
    async fn serve(self: Arc<Self>, accepted_connection: AcceptedConnection) {
        let AcceptedConnection { peer, purpose, .. } = accepted_connection;
        let (stream, mut permit) = match accepted_connection.into_parts() {
            Ok(parts) => parts,
            Err(error) => return tracing::debug!(%peer, %error, "can't serve a connection"),
        };
        let connection = self.app.connect(peer, purpose);
        if let Err(error) = tune(&stream) {
            return tracing::debug!(%peer, %error, "can't serve a connection");
        }
        let socket = Socket::new(stream, connection.clone());
        match purpose {
            Purpose::Https => self.serve_tls(socket, connection, &mut permit).await,
            Purpose::Plain => self.serve_plain(socket, connection, &mut permit).await,
            Purpose::Redirect | Purpose::Metrics => {
                permit.opened();
                self.serve_http(socket, connection, Protocol::Http1).await;
            }
        }
    }

    async fn serve_tls(&self, socket: Socket, connection: Arc<Connection>, permit: &mut ConnectionPermit) {
        let tls = self.tls.as_ref().expect("a server without it has no HTTPS listener");
        let accepted = tokio::select! {
            accepted = handshake::accept(socket, tls, connection.limits.handshake) => accepted,
            // There is no request yet that could be lost.
            () = connection.shutdown().begun() => return,
        };
        match accepted {
            Ok(mut stream) => {
                permit.opened();
                let (socket, session) = stream.get_mut();
                let protocol = Protocol::chosen_by(session.alpn_protocol());
                if protocol.can_cork() {
                    socket.start_corking();
                }
                self.serve_http(stream, connection, protocol).await;
            }
            Err(rejected) => {
                self.rejections.handshake_failed(&connection, &rejected.failure);
                tokio::select! {
                    () = rejected.answer_client() => {}
                    () = connection.shutdown().begun() => {}
                }
            }
        }
    }

    async fn serve_plain(
        &self,
        mut socket: Socket,
        connection: Arc<Connection>,
        permit: &mut ConnectionPermit,
    ) {
        let protocol = tokio::select! {
            protocol = timeout(connection.limits.first_byte, plain::protocol(&mut socket)) => protocol,
            () = connection.shutdown().begun() => return,
        };
        match protocol {
            Ok(Ok(protocol)) => {
                permit.opened();
                self.serve_http(socket, connection, protocol).await;
            }
            Ok(Err(failure)) => {
                self.rejections.not_http(&connection, &failure);
                tokio::select! {
                    () = failure.answer_client(socket) => {}
                    () = connection.shutdown().begun() => {}
                }
            }
            Err(_elapsed) => {
                let reason = CloseReason::NoFirstByte;
                tracing::debug!(peer = %connection.peer, %reason, "connection cut");
            }
        }
    }

    async fn serve_http<S>(&self, stream: S, connection: Arc<Connection>, protocol: Protocol)
    where
        S: Transport + Send + 'static,
    {
        let service = self.app.service(connection.clone());
        self.http.serve(Guard::new(stream, connection, protocol), service, &self.rejections).await;
    }
}

/// After this long without a byte the kernel probes whether the client is still there, and again after the same time.
/// Otherwise an HTTP/1.1 client that has vanished goes unnoticed while its response has nothing to send.
const KEEPALIVE: Duration = Duration::from_secs(15);

/// How much unsent data the kernel keeps for a slow reader, in bytes.
///
/// By default it takes megabytes, and reports room only when a third of them is gone. A reader that takes 20 KB/s could
/// read for a minute without visible progress.
#[cfg(any(target_os = "linux", target_os = "android"))]
const UNSENT: u32 = 128 * 1024;

fn tune(stream: &TcpStream) -> io::Result<()> {
    // With Nagle's algorithm a small chunk waits for the acknowledgement of the previous one: 40 ms each.
    stream.set_nodelay(true)?;
    let socket = socket2::SockRef::from(stream);
    socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE))?;
    #[cfg(any(target_os = "linux", target_os = "android"))]
    if let Err(error) = socket.set_tcp_notsent_lowat(UNSENT) {
        tracing::debug!(%error, "can't set TCP_NOTSENT_LOWAT: slow readers may be disconnected as stalled");
    }
    Ok(())
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
        let socket = socket2::SockRef::from(&stream);
        assert!(socket.keepalive().expect("the option"));
        #[cfg(any(target_os = "linux", target_os = "android"))]
        assert_eq!(socket.tcp_notsent_lowat().expect("the option"), UNSENT);
    }
}

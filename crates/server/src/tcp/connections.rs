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
use std::sync::Arc;
use tokio::time::timeout;

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
        if let Err(error) = stream.tune() {
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

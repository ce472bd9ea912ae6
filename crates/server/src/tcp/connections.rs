//! The connections of one thread over TCP and Unix sockets.

use super::{
    accepted_stream::AcceptedStream, guard::Guard, handshake, http::Http, plain, proxy_protocol,
    socket::Socket, transport::Transport,
};
use crate::{
    accept::Rejections,
    app::App,
    client_address::ProxyTrust,
    connection::{CloseReason, Connection, ConnectionClient, ConnectionPermit, Peer, Protocol, Purpose},
    tls::Tls,
};
use axum_trailers::trailers::server::ConnectionInfo;
use rustls::ProtocolVersion;
use std::sync::Arc;
use tokio::time::{Instant, timeout};

/// Serves the connections that are given to one thread.
pub(crate) struct Connections(Arc<Setting>);

struct Setting {
    app: App,
    /// `None` if no listener is for HTTPS.
    tls: Option<Tls>,
    trust: Arc<ProxyTrust>,
    http: Http,
    rejections: Rejections,
}

impl Connections {
    pub(crate) fn new(app: App, tls: Option<Tls>, trust: Arc<ProxyTrust>, rejections: Rejections) -> Self {
        let http = Http::new(app.limits());
        Self(Arc::new(Setting { app, tls, trust, http, rejections }))
    }

    /// Serves a connection in its own task.
    pub(crate) fn serve(
        &self,
        accepted: AcceptedStream,
        peer: Peer,
        purpose: Purpose,
        permit: ConnectionPermit,
    ) {
        tokio::spawn(self.0.clone().serve(accepted, peer, purpose, permit));
    }
}

/// Adds what a handshake has negotiated.
fn negotiated(mut info: ConnectionInfo, session: &rustls::ServerConnection) -> ConnectionInfo {
    if let Some(Ok(protocol)) = session.alpn_protocol().map(str::from_utf8) {
        info = info.with_alpn(protocol);
    }
    if let Some(name) = session.server_name() {
        info = info.with_sni(name);
    }
    match session.protocol_version() {
        Some(ProtocolVersion::TLSv1_3) => info.with_tls_version("TLSv1.3"),
        Some(ProtocolVersion::TLSv1_2) => info.with_tls_version("TLSv1.2"),
        _ => info,
    }
}

impl Setting {
    async fn serve(
        self: Arc<Self>,
        accepted: AcceptedStream,
        peer: Peer,
        purpose: Purpose,
        mut permit: ConnectionPermit,
    ) {
        let http3_port = accepted.http3_port;
        let stream = match accepted.on_runtime() {
            Ok(stream) => stream,
            Err(error) => return tracing::debug!(%peer, %error, "can't serve a connection"),
        };
        let connection = self.app.connect(ConnectionClient::new(peer, self.trust.clone()), purpose);
        if let Some(port) = http3_port {
            connection.offer_http3(port);
        }
        if let Err(error) = stream.tune() {
            return tracing::debug!(%peer, %error, "can't serve a connection");
        }
        let mut socket = Socket::new(stream, connection.clone());
        let began = Instant::now();
        if connection.client.expects_proxy_header()
            && let None = self.accept_proxy_header(&mut socket, &connection, began).await
        {
            return;
        }
        match purpose {
            Purpose::Https => self.serve_tls(socket, connection, began, &mut permit).await,
            Purpose::Plain => self.serve_plain(socket, connection, &mut permit).await,
            Purpose::Redirect | Purpose::Metrics => {
                permit.opened();
                self.serve_http(socket, connection, Protocol::Http1).await;
            }
        }
    }

    /// `None` if the connection must be closed.
    async fn accept_proxy_header(
        &self,
        socket: &mut Socket,
        connection: &Connection,
        began: Instant,
    ) -> Option<()> {
        let limit = connection.limits.handshake;
        let accepted = tokio::select! {
            accepted = proxy_protocol::accept(socket, &connection.client, began, limit) => accepted,
            () = connection.shutdown().begun() => return None,
        };
        accepted.map_err(|failure| self.rejections.no_proxy_header(connection, &failure)).ok()
    }

    async fn serve_tls(
        &self,
        socket: Socket,
        connection: Arc<Connection>,
        began: Instant,
        permit: &mut ConnectionPermit,
    ) {
        let tls = self.tls.as_ref().expect("a server without it has no HTTPS listener");
        let accepted = tokio::select! {
            accepted = handshake::accept(socket, tls, began, connection.limits.handshake) => accepted,
            // There is no request yet that could be lost.
            () = connection.shutdown().begun() => return,
        };
        match accepted {
            Ok(mut stream) => {
                permit.opened();
                let (socket, session) = stream.get_mut();
                let protocol = Protocol::chosen_by(session.alpn_protocol());
                connection.note_handshake(|info| negotiated(info, session));
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

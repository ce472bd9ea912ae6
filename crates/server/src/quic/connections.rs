//! The connections of one thread over QUIC, each in its own task.

use super::{config::Config, connection, handshake::AcceptedHandshake};
use crate::{
    accept::Rejections,
    app::App,
    client_address::ProxyTrust,
    connection::{ConnectionClient, ConnectionPermit, Peer, Purpose},
};
use axum_trailers::trailers::server::ConnectionInfo;
use axum_trailers_quic::quinn::{Connection as QuicConnection, crypto::rustls::HandshakeData};
use std::sync::Arc;

/// Serves the connections that are given to one thread.
pub(crate) struct Connections(Arc<Setting>);

struct Setting {
    app: App,
    config: Arc<Config>,
    trust: Arc<ProxyTrust>,
    rejections: Rejections,
}

impl Connections {
    pub(crate) fn new(app: App, config: Arc<Config>, trust: Arc<ProxyTrust>, rejections: Rejections) -> Self {
        Self(Arc::new(Setting { app, config, trust, rejections }))
    }

    /// Serves a connection in its own task.
    pub(crate) fn serve(&self, handshake: AcceptedHandshake, peer: Peer, permit: ConnectionPermit) {
        tokio::spawn(self.0.clone().serve(handshake, peer, permit));
    }
}

/// Adds what a handshake has negotiated.
fn negotiated(info: ConnectionInfo, quic: &QuicConnection) -> ConnectionInfo {
    // QUIC has no older version (RFC 9001 §4.2).
    let info = info.with_alpn("h3").with_tls_version("TLSv1.3");
    let data = quic.handshake_data().and_then(|data| data.downcast::<HandshakeData>().ok());
    match data.and_then(|data| data.server_name) {
        Some(name) => info.with_sni(&name),
        None => info,
    }
}

impl Setting {
    async fn serve(self: Arc<Self>, handshake: AcceptedHandshake, peer: Peer, mut permit: ConnectionPermit) {
        let client = ConnectionClient::new(peer, self.trust.clone());
        let connection = self.app.connect(client, Purpose::Https);
        let completed = tokio::select! {
            completed = Box::pin(handshake.complete(&self.config, connection.limits.handshake)) => completed,
            // There is no request yet that could be lost.
            () = connection.shutdown().begun() => return,
        };
        match completed {
            Ok((quic, driver)) => {
                permit.opened();
                connection.note_handshake(|info| negotiated(info, &quic));
                let service = self.app.service(connection);
                // A task of its own is smaller than one with a handshake.
                tokio::spawn(connection::serve(quic, driver, service, self.rejections.clone(), permit));
            }
            Err(failure) => self.rejections.handshake_failed(&connection, &failure),
        }
    }
}

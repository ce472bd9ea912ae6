//! Before the first request: who gets a connection, and on what terms.

use super::peer::{Peer, Response, client_config, connect, endpoint};
use crate::support::{
    CERTIFICATE, KEY, TestServer,
    axum_08::{Router, get},
    log::Log,
    metrics::{Metrics, counted},
    raw, soon, with,
};
use axum_trailers_server::{Limits, Server, Tls};
use axum_trailers_testing::http3::head;
use quinn::{ConnectionError, TransportConfig, TransportErrorCode};
use rustls::version::TLS12;
use std::{
    collections::HashSet,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
};
use tokio::net::UdpSocket;

fn app() -> Router {
    Router::new().route("/", get(|| async { "hello" }))
}

async fn is_served(peer: &Peer) {
    let (_send, mut recv) = peer.request(&head("GET", "/", &[])).await;
    assert_eq!(Response::read(&mut recv).await.expect("a response").content, b"hello");
}

#[tokio::test]
async fn connection_over_the_limit_is_refused() {
    let (log, _catching) = Log::catch();
    let (server, metrics) = counted(app(), with!(Limits { connections: 1 }));
    let first = Peer::connect(server.address).await;
    is_served(&first).await;
    let refused = connect(&endpoint(), server.address, TransportConfig::default(), &["h3"]).await;
    let Err(ConnectionError::ConnectionClosed(close)) = refused else { panic!("{refused:?}") };
    assert_eq!(close.error_code, TransportErrorCode::CONNECTION_REFUSED);
    log.line(&["WARN", "peer=127.0.0.1:", "1"]).await;
    metrics.say("connections_refused_total{reason=\"too_many_open\"}", 1).await;
    is_served(&first).await;
    drop(first);
    // Its place is free again.
    metrics.say("connections", 0).await;
    is_served(&Peer::connect(server.address).await).await;
}

/// What passes between clients and a server.
struct Proxy {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<LongHeader>>>,
}

/// Of a packet of the server: its first byte, and for which connection it is.
type LongHeader = (u8, Vec<u8>);

impl Proxy {
    /// The server's packets pass only if there is one client and they may.
    async fn start(server: SocketAddr, answers: bool) -> Self {
        let any_port = (Ipv4Addr::LOCALHOST, 0);
        let front = UdpSocket::bind(any_port).await.expect("a free port");
        let back = UdpSocket::bind(any_port).await.expect("a free port");
        back.connect(server).await.expect("an address");
        let address = front.local_addr().expect("it is bound");
        let seen = Arc::<Mutex<Vec<_>>>::default();
        let noted = seen.clone();
        tokio::spawn(async move {
            let (mut from_client, mut from_server) = (vec![0; 65_536], vec![0; 65_536]);
            let mut client = None;
            loop {
                tokio::select! {
                    Ok((size, peer)) = front.recv_from(&mut from_client) => {
                        client = Some(peer);
                        let _lost = back.send(&from_client[..size]).await;
                    }
                    Ok(size) = back.recv(&mut from_server) => {
                        let packet = &from_server[..size];
                        if let [first @ 0x80..=0xff, _, _, _, _, length, rest @ ..] = packet {
                            let connection = rest[..usize::from(*length)].to_vec();
                            noted.lock().expect("no panic").push((*first, connection));
                        }
                        if let Some(client) = client.filter(|_| answers) {
                            let _lost = front.send_to(packet, client).await;
                        }
                    }
                }
            }
        });
        Self { address, seen }
    }

    /// How many connections the server has answered.
    fn connections(&self) -> usize {
        let seen = self.seen.lock().expect("no panic");
        seen.iter().map(|(_, connection)| connection).collect::<HashSet<_>>().len()
    }

    /// Whether the server has sent a Retry packet ([RFC 9000 §17.2.5](https://www.rfc-editor.org/rfc/rfc9000#section-17.2.5)).
    fn has_retry(&self) -> bool {
        self.seen.lock().expect("no panic").iter().any(|(first, _)| first & 0xf0 == 0xf0)
    }
}

/// Clients whose address is forged cannot answer a Retry packet.
#[tokio::test]
async fn addresses_are_validated_while_many_handshakes_stall() {
    const STALLED: usize = 32;
    let server = TestServer::start(app());
    let before = Proxy::start(server.address, true).await;
    is_served(&Peer::connect(before.address).await).await;
    assert!(!before.has_retry(), "nothing is under way");

    let silent = Proxy::start(server.address, false).await;
    let endpoint = endpoint();
    let connecting: Vec<_> = (0..STALLED)
        .map(|_| endpoint.connect_with(client_config(&["h3"]), silent.address, "localhost").expect("a name"))
        .collect();
    soon("handshakes", async {
        while silent.connections() < STALLED {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert!(!silent.has_retry());
    let after = Proxy::start(server.address, true).await;
    is_served(&Peer::connect(after.address).await).await;
    assert!(after.has_retry());
    drop(connecting);
}

#[tokio::test]
async fn failed_handshakes_are_logged_and_counted_by_their_cause() {
    let (log, _catching) = Log::catch();
    let (server, metrics) = counted(app(), Limits::default());
    let endpoint = endpoint();
    let distrusting = raw::quic_config(&[], &["h3"]);
    for (config, reason) in [(client_config(&["hq"]), "alpn"), (distrusting, "refused_by_client")] {
        let connecting = endpoint.connect_with(config, server.address, "localhost").expect("a name");
        assert!(soon("an end", connecting).await.is_err());
        log.line(&["INFO", "handshake failed", "peer=127.0.0.1:", &format!("kind=\"{reason}\"")]).await;
        metrics.say(&format!("handshakes_failed_total{{reason=\"{reason}\"}}"), 1).await;
    }
    say_no_connection(&metrics).await;
}

async fn say_no_connection(metrics: &Metrics) {
    metrics.say("connections", 0).await;
}

#[tokio::test]
async fn tls_without_version_1_3_cannot_serve_http3() {
    let config = raw::server_config(CERTIFICATE, KEY, &[&TLS12], &[]);
    let tls = Tls::from_config(Arc::new(config)).expect("a configuration");
    let server = Server::new().tls(tls).http3(true).bind("127.0.0.1:0").expect("a free port");
    let error = soon("an error", Box::pin(server.serve(app()))).await.expect_err("no HTTP/3");
    assert!(error.to_string().starts_with("no HTTP/3: "), "{error}");
}

//! What the server allows to a client ([RFC 9000 §18.2](https://www.rfc-editor.org/rfc/rfc9000#section-18.2)).

use super::peer::{Peer, endpoint};
use crate::support::{
    TestServer,
    axum_08::{Body, Router, post},
    certificate, raw, soon, with,
};
use axum_trailers_server::Limits;
use axum_trailers_testing::http3::{DATA, frame_head, head};
use futures_util::poll;
use quinn::SendStream;
use rustls::{
    NamedGroup,
    client::{ClientSessionStore, Resumption, Tls12ClientSessionValue, Tls13ClientSessionValue},
    pki_types::ServerName,
};
use std::{
    future::pending,
    pin::pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

/// A handler that reads nothing.
fn app() -> Router {
    Router::new().route("/", post(|_unread: Body| pending::<()>()))
}

#[tokio::test]
async fn streams_are_limited() {
    let server = TestServer::limited(app(), with!(Limits { streams: 3 }));
    let peer = Peer::connect(server.address).await;
    let mut streams = Vec::new();
    for _ in 0..3 {
        streams.push(peer.send(&head("POST", "/", &[])).await);
    }
    {
        let fourth = pin!(peer.connection.open_bi());
        assert!(poll!(fourth).is_pending());
    }
    let (mut send, mut recv) = streams.pop().expect("a stream");
    recv.stop(0_u32.into()).expect("it is open");
    send.reset(0_u32.into()).expect("it is open");
    soon("a stream", peer.connection.open_bi()).await.expect("a stream");
}

#[tokio::test]
async fn datagrams_are_off() {
    let server = TestServer::start(app());
    let peer = Peer::connect(server.address).await;
    assert_eq!(peer.connection.max_datagram_size(), None);
}

const STREAM_WINDOW: usize = 512 * 1024;
const CONNECTION_WINDOW: usize = 16 * STREAM_WINDOW;
/// What the server reads ahead of each stream, at most: two packets.
const AHEAD: usize = 4 * 1024;

/// Sends until the window is closed, and counts it.
fn fill(mut stream: SendStream, sent: Arc<AtomicUsize>) {
    tokio::spawn(async move {
        let zeros = vec![0; 64 * 1024];
        while let Ok(size) = stream.write(&zeros).await {
            sent.fetch_add(size, Relaxed);
        }
    });
}

/// Waits until so many bytes were sent.
async fn reaches(sent: &AtomicUsize, least: usize) {
    soon("a window", async {
        while sent.load(Relaxed) < least {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn content_that_nobody_reads_closes_the_windows() {
    let server = TestServer::start(app());
    let peer = Peer::connect(server.address).await;
    let request = [head("POST", "/", &[]), frame_head(DATA, 1 << 30)].concat();
    let mut receiving = Vec::new();

    let (send, recv) = peer.send(&request).await;
    receiving.push(recv);
    let first = Arc::<AtomicUsize>::default();
    fill(send, first.clone());
    reaches(&first, STREAM_WINDOW - request.len()).await;

    let all = Arc::<AtomicUsize>::default();
    for _ in 0..40 {
        let (send, recv) = peer.send(&request).await;
        receiving.push(recv);
        fill(send, all.clone());
    }
    reaches(&all, CONNECTION_WINDOW - STREAM_WINDOW - 41 * request.len()).await;
    // Others are heard, so everything that the client may send is there.
    let other = Peer::connect(server.address).await;
    soon("an answer", other.connection.open_bi()).await.expect("a stream");
    let (first, all) = (first.load(Relaxed), all.load(Relaxed));
    assert!(first <= STREAM_WINDOW + AHEAD, "{first} bytes of one stream");
    assert!(first + all <= CONNECTION_WINDOW + 41 * AHEAD, "{first} and {all} bytes");
}

/// The tickets of a server, for later connections: how many bytes of each may be sent before the handshake.
#[derive(Debug, Default)]
struct Tickets(Mutex<Vec<u32>>);

impl ClientSessionStore for Tickets {
    fn set_kx_hint(&self, _server: ServerName<'static>, _group: NamedGroup) {}

    fn kx_hint(&self, _server: &ServerName<'_>) -> Option<NamedGroup> {
        None
    }

    fn set_tls12_session(&self, _server: ServerName<'static>, _session: Tls12ClientSessionValue) {}

    fn tls12_session(&self, _server: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        None
    }

    fn remove_tls12_session(&self, _server: &ServerName<'static>) {}

    fn insert_tls13_ticket(&self, _server: ServerName<'static>, ticket: Tls13ClientSessionValue) {
        self.0.lock().expect("no panic").push(ticket.max_early_data_size());
    }

    fn take_tls13_ticket(&self, _server: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        None
    }
}

/// Others could replay a request in the first packets.
#[tokio::test]
async fn data_before_the_handshake_is_not_allowed() {
    let server = TestServer::start(app());
    let tickets = Arc::<Tickets>::default();
    let mut tls = raw::client_config(&[certificate()], &[&rustls::version::TLS13], &["h3"]);
    tls.resumption = Resumption::store(tickets.clone());
    tls.enable_early_data = true;
    let connecting = endpoint().connect_with(raw::quic(tls), server.address, "localhost").expect("a name");
    let _connection = soon("a handshake", connecting).await.expect("a handshake");
    soon("a ticket", async {
        while tickets.0.lock().expect("no panic").is_empty() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert!(tickets.0.lock().expect("no panic").iter().all(|most| *most == 0));
}

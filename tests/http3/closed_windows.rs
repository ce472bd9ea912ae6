//! Clients that leave no room for what the server must send.

use super::{
    peer::{Peer, code, connect, endpoint},
    survivor::Survivor,
};
use crate::support::soon;
use axum_trailers_testing::http3::{HEADERS, control, head};
use h3::error::Code;
use quinn::{ConnectionError, RecvStream, TransportConfig};

/// A client whose streams have this window, in bytes.
fn with_window(window: u32) -> TransportConfig {
    let mut transport = TransportConfig::default();
    transport.stream_receive_window(window.into());
    transport
}

async fn is_cancelled(recv: &mut RecvStream) {
    let reset = soon("a reset", recv.received_reset()).await;
    assert_eq!(reset, Ok(Some(code(Code::H3_REQUEST_CANCELLED))));
}

#[tokio::test]
async fn header_section_that_has_no_room_is_a_stall() {
    let survivor = Survivor::start(&["--reader-timeout", "1s"]).await;
    // Enough for SETTINGS, and too little for a header section.
    let peer = Peer::with(survivor.address, with_window(40), &control(&[])).await;
    let mut streams = Vec::new();
    for _ in 0..10 {
        streams.push(peer.request(&head("GET", "/bytes/64", &[])).await);
    }
    for (_send, recv) in &mut streams {
        is_cancelled(recv).await;
    }
    survivor.survives("no room for header sections").await;
}

/// A request, and a window that ends inside of the trailers of its response.
async fn room_up_to_the_trailers(survivor: &Survivor) -> (Vec<u8>, TransportConfig) {
    let request = head("GET", "/bytes/64", &[("te", "trailers")]);
    let peer = Peer::connect(survivor.address).await;
    let (_send, mut recv) = peer.request(&request).await;
    let response = soon("a response", recv.read_to_end(10_000)).await.expect("a response");
    // The last frame is that of the trailers.
    let trailers =
        response.windows(2).rposition(|window| u64::from(window[0]) == HEADERS && window[1] & 0x3f > 20);
    let window = u32::try_from(trailers.expect("trailers") + 8).expect("small");
    (request, with_window(window))
}

#[tokio::test]
async fn trailer_section_that_has_no_room_is_a_stall() {
    let survivor = Survivor::start(&["--reader-timeout", "1s"]).await;
    let (request, room) = room_up_to_the_trailers(&survivor).await;
    let peer = Peer::with(survivor.address, room, &control(&[])).await;
    let (_send, mut recv) = peer.request(&request).await;
    is_cancelled(&mut recv).await;
    survivor.survives("no room for trailers").await;
}

#[tokio::test]
async fn trailers_that_the_client_stops_were_not_sent() {
    let mut survivor = Survivor::start(&[]).await;
    let (request, room) = room_up_to_the_trailers(&survivor).await;
    let peer = Peer::with(survivor.address, room, &control(&[])).await;
    let (_send, mut recv) = peer.request(&request).await;
    let mut first = [0; 4];
    soon("a response", recv.read_exact(&mut first)).await.expect("a response");
    recv.stop(code(Code::H3_REQUEST_CANCELLED)).expect("it is open");
    survivor.logged(&["request_target=/bytes/64 ", " trailers=none ", "ended=\"client gone\""]).await;
    survivor.survives("stopped trailers").await;
}

#[tokio::test]
async fn client_that_grants_no_control_stream_is_closed() {
    let survivor = Survivor::start(&["--handshake-timeout", "1s"]).await;
    let mut transport = TransportConfig::default();
    transport.max_concurrent_uni_streams(0_u32.into());
    for transport in [transport, with_window(0)] {
        let connection =
            connect(&endpoint(), survivor.address, transport, &["h3"]).await.expect("a handshake");
        let closed = soon("the end of the connection", connection.closed()).await;
        let ConnectionError::ApplicationClosed(close) = closed else { panic!("{closed}") };
        assert_eq!(close.error_code, code(Code::H3_NO_ERROR));
    }
    survivor.survives("no room for SETTINGS").await;
}

#[tokio::test]
async fn goaway_that_has_no_room_does_not_stop_a_shutdown() {
    let survivor = Survivor::start(&["--shutdown-timeout", "1s"]).await;
    let peer = Peer::connect(survivor.address).await;
    let mut stream = soon("a stream", peer.connection.accept_uni()).await.expect("a stream");
    let settings = soon("SETTINGS", stream.read_chunk(1000, true)).await.expect("no error").expect("bytes");
    let window = u32::try_from(settings.bytes.len()).expect("small");
    let _blocked = Peer::with(survivor.address, with_window(window), &control(&[])).await;
    survivor.survives("no room for GOAWAY").await;
}

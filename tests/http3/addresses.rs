//! A server that listens on all addresses.

use super::peer::{Peer, Response};
use crate::support::{
    TestServer,
    axum_08::{Router, get},
};
use axum_trailers_testing::http3::head;
use std::net::Ipv4Addr;

/// On Linux, all of 127.0.0.0/8 is this machine. A client ignores packets from another address than it has asked.
#[tokio::test]
async fn answers_leave_from_the_address_that_was_asked() {
    let app = Router::new().route("/", get(|| async { "hello" }));
    let server = TestServer::with(app, |server| server.bind("0.0.0.0:0").expect("a free port"));
    for last in [2, 3] {
        let address = (Ipv4Addr::new(127, 0, 0, last), server.address.port()).into();
        let peer = Peer::connect(address).await;
        let (_send, mut recv) = peer.request(&head("GET", "/", &[])).await;
        assert_eq!(Response::read(&mut recv).await.expect("a response").content, b"hello");
    }
}

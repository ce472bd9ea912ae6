//! Clients that read as fast as their path allows, which is slowly: the server has written a response long before they have it.

use super::{
    peer::{Peer, Response, code},
    survivor::Survivor,
};
use crate::support::soon;
use axum_trailers_testing::http3::head;
use h3::error::Code;
use quinn::RecvStream;
use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};
use tokio::{net::UdpSocket, time::sleep};

/// Between two packets of the server.
const PAUSE: Duration = Duration::from_millis(40);

/// More than a hundred packets, and less than the server keeps until it is acknowledged.
const SIZE: usize = 150_000;

/// Returns the near end of a path to a server.
async fn path_to(server: SocketAddr) -> SocketAddr {
    let bind = || UdpSocket::bind((Ipv4Addr::LOCALHOST, 0));
    let (near, far) = (Arc::new(bind().await.expect("a port")), Arc::new(bind().await.expect("a port")));
    far.connect(server).await.expect("an address");
    let address = near.local_addr().expect("it is bound");
    tokio::spawn(async move {
        let mut packet = vec![0; 65_536];
        let (size, client) = near.recv_from(&mut packet).await.expect("a packet");
        near.connect(client).await.expect("an address");
        let _lost = far.send(&packet[..size]).await;
        tokio::join!(forward(&near, &far, Duration::ZERO), forward(&far, &near, PAUSE));
    });
    address
}

async fn forward(from: &UdpSocket, to: &UdpSocket, pause: Duration) {
    let mut packet = vec![0; 65_536];
    loop {
        // A closed port is an error of the next call.
        if let Ok(size) = from.recv(&mut packet).await {
            let _lost = to.send(&packet[..size]).await;
        }
        sleep(pause).await;
    }
}

/// A response that the server has written to its end, while most of it is on its way.
async fn written(survivor: &mut Survivor) -> (Peer, RecvStream) {
    let peer = Peer::connect(path_to(survivor.address).await).await;
    let path = format!("/bytes/{SIZE}");
    let (_send, recv) = peer.request(&head("GET", &path, &[])).await;
    survivor.logged(&[&format!("request_target={path} "), "ended=complete"]).await;
    (peer, recv)
}

#[tokio::test]
async fn connection_is_not_idle_before_its_client_has_the_response() {
    let mut survivor = Survivor::start(&["--idle-timeout", "1s"]).await;
    let (peer, mut recv) = written(&mut survivor).await;
    let response = Response::read(&mut recv).await.expect("the whole response");
    assert_eq!(response.content.len(), SIZE);
    assert_eq!(peer.closed().await, code(Code::H3_NO_ERROR), "now it is idle");
}

#[tokio::test]
async fn shutdown_waits_until_its_client_has_the_response() {
    let mut survivor = Survivor::start(&[]).await;
    let (peer, mut recv) = written(&mut survivor).await;
    survivor.shut_down();
    let response = Response::read(&mut recv).await.expect("the whole response");
    assert_eq!(response.content.len(), SIZE);
    assert_eq!(peer.closed().await, code(Code::H3_NO_ERROR));
}

#[tokio::test]
async fn cut_shutdown_resets_what_is_written_and_on_its_way() {
    let mut survivor = Survivor::start(&["--shutdown-timeout", "1s"]).await;
    let (peer, mut recv) = written(&mut survivor).await;
    survivor.shut_down();
    let reset = soon("a reset", recv.received_reset()).await;
    assert_eq!(reset, Ok(Some(code(Code::H3_INTERNAL_ERROR))));
    assert_eq!(peer.closed().await, code(Code::H3_INTERNAL_ERROR));
}

use super::server::{OK, Peer, Server, client, get};
use crate::{
    Client,
    tests::peer::{read, response, send},
};
use axum_trailers_testing::http3::{GOAWAY, HEADERS, data, frame};

/// Sends a request over a connection that is open, and reads its response.
async fn exchange(client: &Client, server: &Server, peer: &Peer) {
    let exchanging = send(client, get(&server.url));
    let mut asked = peer.asked().await;
    asked.send([frame(HEADERS, OK), data(b"a")].concat()).await.finish();
    assert_eq!(read(response(exchanging).await).await, ("a".to_owned(), None, None));
}

/// A client with a connection that was used.
async fn used() -> (Client, Server, Peer) {
    let server = Server::start();
    let client = client();
    let exchanging = send(&client, get(&server.url));
    let peer = server.accept().await;
    peer.asked().await.send(frame(HEADERS, OK)).await.finish();
    assert_eq!(read(response(exchanging).await).await.2, None);
    (client, server, peer)
}

#[tokio::test]
async fn connection_carries_requests_one_after_the_other_and_at_once() {
    let (client, server, peer) = used().await;
    exchange(&client, &server, &peer).await;
    let first = send(&client, get(&server.url));
    let mut asked = peer.asked().await;
    exchange(&client, &server, &peer).await;
    asked.send(frame(HEADERS, OK)).await.finish();
    assert_eq!(read(response(first).await).await.2, None);
}

#[tokio::test]
async fn no_request_follows_a_goaway() {
    let (client, server, mut peer) = used().await;
    let running = send(&client, get(&server.url));
    let mut asked = peer.asked().await;
    peer.control(&frame(GOAWAY, &[8])).await;
    // The request that runs goes on.
    asked.send(frame(HEADERS, OK)).await;
    let running = response(running).await;
    // It arrives sooner or later: until then, requests still come here.
    let next = loop {
        let exchanging = send(&client, get(&server.url));
        tokio::select! {
            next = server.accept() => {
                next.asked().await.send(frame(HEADERS, OK)).await.finish();
                assert_eq!(read(response(exchanging).await).await.2, None);
                break next;
            }
            mut asked = peer.asked() => {
                asked.send(frame(HEADERS, OK)).await.finish();
                assert_eq!(read(response(exchanging).await).await.2, None);
            }
        }
    };
    asked.send(data(b"a")).await.finish();
    assert_eq!(read(running).await, ("a".to_owned(), None, None));
    exchange(&client, &server, &next).await;
}

#[tokio::test]
async fn connection_that_the_server_has_closed_is_replaced() {
    {
        let (client, server, peer) = used().await;
        peer.close(0x100);
        let exchanging = send(&client, get(&server.url));
        let next = server.accept().await;
        next.asked().await.send(frame(HEADERS, OK)).await.finish();
        assert_eq!(read(response(exchanging).await).await.2, None);
    }
}

#[tokio::test]
async fn request_on_an_idle_connection_that_is_closed_meanwhile_is_sent_again() {
    let (client, server, peer) = used().await;
    let exchanging = send(&client, get(&server.url));
    let _asked = peer.asked().await;
    peer.close(0x100);
    let next = server.accept().await;
    next.asked().await.send(frame(HEADERS, OK)).await.finish();
    assert_eq!(read(response(exchanging).await).await.2, None);
}

#[tokio::test]
async fn last_client_that_is_dropped_closes_the_connection() {
    let (client, _server, peer) = used().await;
    let other = client.clone();
    drop(client);
    assert!(peer.quic.close_reason().is_none());
    drop(other);
    assert_eq!(peer.closed().await, Some(0x100));
}

//! If a client leaves in the middle of a body, its producer ends; a producer that waits for room ends at once.

use super::{observed_producers::Producers, prelude::TestServer};
use crate::support::{raw, soon};

#[tokio::test]
async fn http1_client_that_leaves_ends_its_producer() {
    let producers = Producers::new();
    let server = TestServer::start(producers.router());
    let client = raw::http1_get(server.address, "/endless").await;
    assert_eq!(producers.ended.available_permits(), 0);
    drop(client);
    soon("the producer's end", producers.ended.acquire()).await.expect("open").forget();
}

#[tokio::test]
async fn http2_client_that_resets_its_stream_ends_its_producer() {
    let producers = Producers::new();
    let server = TestServer::start(producers.router());
    let mut client = raw::http2(server.address).await;
    let mut body = raw::http2_get(&mut client, "/endless").await;
    soon("a chunk", body.data()).await.expect("a chunk").expect("no error");
    // The window is not released, so the producer waits for room now or soon.
    drop(body);
    soon("the producer's end", producers.ended.acquire()).await.expect("open").forget();

    let mut body = raw::http2_get(&mut client, "/ok").await;
    assert_eq!(raw::http2_read(&mut body).await.expect("the connection lives on"), b"ok");
}

#[tokio::test]
async fn http2_connection_that_breaks_ends_all_its_producers() {
    let producers = Producers::new();
    let server = TestServer::start(producers.router());
    let stream = raw::tls(server.address, "h2").await;
    let (client, connection) = h2::client::handshake(stream).await.expect("a preface");
    let connection = tokio::spawn(connection);
    let mut client = client.ready().await.expect("a connection");
    let first = raw::http2_get(&mut client, "/endless").await;
    let second = raw::http2_get(&mut client, "/endless").await;
    connection.abort();
    soon("both ends", producers.ended.acquire_many(2)).await.expect("open").forget();
    drop((first, second));
}

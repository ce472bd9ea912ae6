//! If a client leaves in the middle of a body, its producer ends; a producer that waits for room ends at once.

use super::{
    observed_producers::Producers,
    prelude::{TestServer, over_each_protocol},
};
use crate::support::{
    protocols::{Protocol, read},
    soon,
};

over_each_protocol! {
    client_that_gives_a_response_up_ends_its_producer;
    connection_that_breaks_ends_all_its_producers;
}

async fn client_that_gives_a_response_up_ends_its_producer(protocol: Protocol) {
    let producers = Producers::new();
    let server = TestServer::start(producers.router());
    let client = protocol.client(server.address).await;
    let mut response = client.get("/endless").await;
    response.chunk().await.expect("no error").expect("a chunk");
    assert_eq!(producers.ended.available_permits(), 0);
    // Nothing more is read, so the producer waits for room now or soon.
    drop(response);
    soon("the producer's end", producers.ended.acquire()).await.expect("open").forget();

    let ending = read(client.get("/ok").await).await.expect("the connection lives on");
    assert_eq!(ending.content, b"ok");
}

async fn connection_that_breaks_ends_all_its_producers(protocol: Protocol) {
    let producers = Producers::new();
    let server = TestServer::start(producers.router());
    let client = protocol.client(server.address).await;
    let responses = [client.get("/endless").await, client.get("/endless").await];
    client.close();
    drop(responses);
    soon("both ends", producers.ended.acquire_many(2)).await.expect("open").forget();
}

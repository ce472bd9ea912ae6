//! Many responses on one connection, whose window is smaller than what they would fill.

use crate::support::{Adapter, Ours, Plain, Raw, post, serve};
use axum_trailers_testing::http3::control;
use bytes::Bytes;
use futures_util::future::select_all;
use http::Response;
use quinn::TransportConfig;
use std::cell::RefCell;

const STREAMS: usize = 8;
const TOTAL: usize = 8 << 20;

/// How much of each endless response a client has that reads all of them, once it has [`TOTAL`] bytes.
async fn shares<A: Adapter>() -> Vec<usize> {
    let mut transport = TransportConfig::default();
    transport.send_window(64 * 1024);
    let (raw, server) = Raw::with(transport, &control(&[])).await;
    let mut server = serve::<A>(server).await;
    let mut receiving = Vec::new();
    for _ in 0..STREAMS {
        receiving.push(raw.send(&post(&[])).await);
        let resolver = server.accept().await.expect("no error").expect("a request");
        tokio::spawn(async move {
            let (_, mut stream) = resolver.resolve_request().await.expect("a header section");
            stream.send_response(Response::new(())).await.expect("a response");
            while stream.send_data(Bytes::from_static(&[0; 16 * 1024])).await.is_ok() {}
        });
    }
    let received = RefCell::new(vec![0; STREAMS]);
    let reading = receiving.iter_mut().enumerate().map(|(place, (_send, recv))| {
        let received = &received;
        Box::pin(async move {
            while received.borrow().iter().sum::<usize>() < TOTAL {
                let chunk = recv.read_chunk(usize::MAX, true).await.expect("no error").expect("more");
                received.borrow_mut()[place] += chunk.bytes.len();
            }
        })
    });
    select_all(reading).await;
    received.into_inner()
}

#[tokio::test]
async fn plain_h3_serves_two_of_many_streams() {
    let mut shares = shares::<Plain>().await;
    shares.sort_unstable();
    assert!(shares[STREAMS - 3] < TOTAL / STREAMS / 2, "{shares:?}");
}

#[tokio::test]
async fn streams_are_served_in_turn() {
    let shares = shares::<Ours>().await;
    assert!(shares.iter().all(|share| *share > TOTAL / STREAMS / 2), "{shares:?}");
}

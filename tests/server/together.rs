//! What is ready together is sent together, and nothing waits for what is not ready.

use super::prelude::{
    Router, get,
    producer::{declared, rows},
};
use crate::support::{TestServer, raw, soon};
use axum_trailers::{
    body,
    trailers::{Declared, Trailers},
};
use tokio::io::AsyncReadExt;

/// Chunks of these sizes, then silence without an end.
fn then_silence(sizes: &'static [usize]) -> Router {
    let handler = move || async move {
        let (mut sender, body) = body::channel(1024 * 1024, Declared::none());
        tokio::spawn(async move {
            for size in sizes {
                sender.send(vec![b'x'; *size]).await.expect("a reader");
            }
            sender.closed().await;
        });
        body
    };
    Router::new().route("/", get(handler))
}

/// Up to three full TLS records share a write. If nothing follows them, they are still sent.
#[tokio::test]
async fn full_records_that_nothing_follows_arrive() {
    const FULL: usize = 16 * 1024 - 9;
    let repeated: [&[usize]; 4] = [&[FULL], &[FULL; 2], &[FULL; 3], &[FULL; 4]];
    for sizes in
        repeated.into_iter().chain([&[2 * FULL][..], &[3 * FULL], &[4 * FULL], &[1, FULL], &[FULL, 1]])
    {
        let server = TestServer::start(then_silence(sizes));
        let mut client = raw::http2(server.address).await;
        let mut body = raw::http2_get(&mut client, "/").await;
        let mut left: usize = sizes.iter().sum();
        while left > 0 {
            let chunk = soon("a chunk", body.data()).await.expect("a chunk").expect("no error");
            left -= chunk.len();
            body.flow_control().release_capacity(chunk.len()).expect("taken");
        }
    }
}

#[tokio::test]
async fn header_section_chunks_and_trailers_that_are_ready_are_one_record() {
    let handler = || async {
        let (mut sender, body) = body::channel(1024, declared());
        tokio::spawn(async move {
            sender.send("hello...").await.expect("a reader");
            sender.send("world").await.expect("a reader");
            sender.finish(rows(2)).expect("as declared");
        });
        body
    };
    let server = TestServer::start(Router::new().route("/", get(handler)));
    for _ in 0..10 {
        let mut client = raw::http1_asked(server.address, "/").await;
        let mut record = vec![0; 16 * 1024];
        let len = soon("a record", client.read(&mut record)).await.expect("no error");
        let text = String::from_utf8_lossy(&record[..len]);
        assert!(text.starts_with("HTTP/1.1 200 OK\r\n"), "{text}");
        assert!(text.ends_with("8\r\nhello...\r\n5\r\nworld\r\n0\r\nx-rows: 2\r\n\r\n"), "{text}");
    }
}

/// Over HTTP/2, small chunks become one frame if they are ready together.
#[tokio::test]
async fn small_chunks_that_are_ready_are_one_data_frame() {
    let handler = || async {
        let (mut sender, body) = body::channel(64 * 1024, Declared::none());
        for chunk in ["a", "b", "c"] {
            sender.send(chunk).await.expect("room");
        }
        sender.send(vec![b'd'; 5000]).await.expect("room");
        sender.send("e").await.expect("room");
        sender.finish(Trailers::new()).expect("nothing declared");
        body
    };
    let server = TestServer::start(Router::new().route("/", get(handler)));
    let mut client = raw::http2(server.address).await;
    let mut body = raw::http2_get(&mut client, "/").await;
    let mut frames = Vec::new();
    while let Some(data) = soon("a frame", body.data()).await {
        frames.push(data.expect("no error").len());
    }
    frames.retain(|len| *len > 0);
    assert_eq!(frames, [3, 5000, 1]);
}

/// h2 closes a connection with too many of them.
#[tokio::test]
async fn empty_chunks_are_no_frames() {
    let chunks = || ["", "a", "", "", "b", ""].map(Ok::<_, std::io::Error>);
    let handler = move || async move { body::StreamBody::new(tokio_stream::iter(chunks())) };
    let server = TestServer::start(Router::new().route("/", get(handler)));
    let mut client = raw::http2_asked(server.address, "/").await;
    let mut wire = Vec::new();
    let data = loop {
        let mut came = [0; 1024];
        let n = soon("frames", client.read(&mut came)).await.expect("no error");
        wire.extend_from_slice(&came[..n]);
        let frames = raw::http2_frames(&wire);
        let data: Vec<_> = frames.iter().filter(|(kind, ..)| *kind == 0).copied().collect();
        if data.last().is_some_and(|(_, flags, _)| flags & 1 != 0) {
            break data.iter().map(|(_, flags, data)| (*flags, data.to_vec())).collect::<Vec<_>>();
        }
    };
    assert!(data.iter().all(|(flags, data)| flags & 1 != 0 || !data.is_empty()), "{data:?}");
    assert_eq!(data.iter().flat_map(|(_, data)| data.clone()).collect::<Vec<_>>(), b"ab");
}

//! Content whose length is not as announced.

use crate::support::{Ours, Plain, Raw, Server, code, post, receive, serve_one};
use axum_trailers_quic::{Content, ReceiveError, h3::error::Code};
use axum_trailers_testing::http3::{data, literal};
use bytes::Bytes;
use http_body_util::{BodyExt, Collected};

/// A request with this announced length and this content.
fn request(announced: &str, content: &[u8]) -> Vec<u8> {
    [post(&literal("content-length", announced)), data(content)].concat()
}

#[tokio::test]
async fn plain_h3_does_not_compare_lengths() {
    for announced in ["4", "6"] {
        let received = receive::<Plain>(&request(announced, b"hello")).await.expect("no panic");
        assert_eq!(received.content, b"hello");
        assert!(received.end.is_ok());
    }
}

#[tokio::test]
async fn content_of_another_length_is_an_error() {
    for (announced, expected) in [("5", None), ("4", Some((4, 5))), ("6", Some((6, 5))), ("0", Some((0, 5)))]
    {
        let (raw, server) = Raw::connect().await;
        let (mut send, _recv) = raw.send(&request(announced, b"hello")).await;
        let is_longer = matches!(expected, Some((expected, received)) if received > expected);
        if !is_longer {
            send.finish().expect("it is open");
        }
        let (_server, received) = collect(server, announced.parse().expect("a number")).await;
        match (received, expected) {
            (Ok(received), None) => assert_eq!(received.to_bytes(), &b"hello"[..]),
            (Err(ReceiveError::Length { expected, received }), Some(lengths)) => {
                assert_eq!((expected, received), lengths);
            }
            (received, _) => panic!("{received:?}"),
        }
        if is_longer {
            assert_eq!(send.stopped().await, Ok(Some(code(Code::H3_MESSAGE_ERROR))));
        }
    }
}

/// Serves one request whose content is to have this length, in bytes.
async fn collect(
    server: quinn::Connection,
    length: u64,
) -> (Server<Ours>, Result<Collected<Bytes>, ReceiveError>) {
    let (server, stream, control) = serve_one(server).await;
    let (_send, recv) = stream.split();
    let received = Content::of_request(recv, &control, Some(length)).collect().await;
    (server, received)
}

use super::{
    frames::{END_HEADERS, END_STREAM, Frames, HEADERS, OK, RST_STREAM},
    peer::{Exchanging, Peer, connected, failure, read, response, send, text},
};
use crate::{Error, ResponseBody, Verdict, Verification};
use axum_trailers_testing::{ScriptedBody, Step};
use bytes::Bytes;
use http::{Request, Response, Version, header::CONTENT_LENGTH};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{Full, StreamBody};
use std::io;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

const BOTH: [Version; 2] = [Version::HTTP_11, Version::HTTP_2];

/// Reads a request that is cut. Returns what arrived of it over HTTP/1.1: perhaps nothing.
async fn cut_request(mut peer: Peer, version: Version) -> String {
    if version == Version::HTTP_11 {
        return text(peer.rest().await);
    }
    let mut frames = Frames::begin(peer).await;
    let stream = frames.until(HEADERS).await.stream;
    let reset = frames.until(RST_STREAM).await;
    assert_eq!((reset.stream, reset.payload), (stream, vec![0, 0, 0, 2]), "INTERNAL_ERROR");
    String::new()
}

#[tokio::test]
async fn body_that_fails_is_trouble_on_this_side_and_cut_for_the_server() {
    for version in BOTH {
        let (client, peer) = connected(version).await;
        let body = ScriptedBody::new([Step::Data("ab"), Step::Pending, Step::Error]);
        let exchanging = send(&client, Request::put("http://test/").body(body).expect("a request"));
        let request = cut_request(peer, version).await;
        let error = failure(exchanging).await;
        assert!(matches!(&error, Error::RequestBody(_)), "{version:?}: {error:?}");
        assert!(matches!(Verdict::from(error), Verdict::LocalTrouble(_)));
        assert!(!request.contains("0\r\n\r\n"), "no last chunk: {request}");
    }
}

/// Sends the header section of a response, and reads it.
async fn begin_response(
    peer: Peer,
    version: Version,
    exchanging: Exchanging,
) -> (Peer, Response<ResponseBody>) {
    if version == Version::HTTP_11 {
        let mut peer = peer;
        peer.head().await;
        peer.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\na").await;
        let response = response(exchanging).await;
        return (peer, response);
    }
    let mut frames = Frames::begin(peer).await;
    let stream = frames.until(HEADERS).await.stream;
    frames.send(HEADERS, END_HEADERS, stream, OK).await;
    let response = response(exchanging).await;
    (frames.0, response)
}

#[tokio::test]
async fn body_that_fails_during_the_response_is_trouble_on_this_side() {
    for version in BOTH {
        let (client, peer) = connected(version).await;
        let (source, body) = mpsc::channel(1);
        let body = StreamBody::new(ReceiverStream::new(body));
        let exchanging = send(&client, Request::put("http://test/").body(body).expect("a request"));
        let (_peer, response) = begin_response(peer, version, exchanging).await;
        let mut verified = Verification::new().verify(response);
        source.send(Ok(Frame::data(Bytes::from("a")))).await.expect("the client reads");
        source.send(Err(io::Error::other("the disk is gone"))).await.expect("the client reads");
        let verdict = verified.body_mut().finish().await;
        assert_eq!(verdict, Verdict::LocalTrouble("the disk is gone".to_owned()), "{version:?}");
    }
}

#[tokio::test]
async fn body_with_another_length_than_announced_is_not_complete() {
    for version in BOTH {
        for (length, expected) in [("3", "longer"), ("5", "1 bytes short"), ("4", "")] {
            for is_in_parts in [false, true] {
                let (client, mut peer) = connected(version).await;
                let request = Request::put("http://test/").header(CONTENT_LENGTH, length);
                let steps = if is_in_parts {
                    vec![Step::Data("ab"), Step::Data("cd")]
                } else {
                    vec![Step::Data("abcd")]
                };
                let body = ScriptedBody::new(steps);
                let exchanging = send(&client, request.body(body).expect("a request"));
                if expected.is_empty() {
                    if version == Version::HTTP_11 {
                        peer.head().await;
                        assert_eq!(peer.bytes(4).await, b"abcd");
                        peer.send("HTTP/1.1 204 No Content\r\n\r\n").await;
                    } else {
                        let mut frames = Frames::begin(peer).await;
                        let stream = frames.until(HEADERS).await.stream;
                        frames.send(HEADERS, END_HEADERS | END_STREAM, stream, OK).await;
                    }
                    assert_eq!(read(response(exchanging).await).await.2, None);
                    continue;
                }
                let request = cut_request(peer, version).await;
                let error = failure(exchanging).await;
                assert!(error.to_string().contains(expected), "{version:?} {length}: {error}");
                let content = request.split_once("\r\n\r\n").map_or("", |(_, content)| content);
                assert!(content.len() < length.parse().expect("a number"), "{request}");
            }
        }
    }
}

/// A body that announces more than it has.
struct Lying(Full<Bytes>);

impl Body for Lying {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        std::pin::Pin::new(&mut self.0).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(10)
    }
}

#[tokio::test]
async fn body_that_is_shorter_than_its_size_fails() {
    for version in BOTH {
        for content in ["", "a"] {
            let (client, peer) = connected(version).await;
            let body = Lying(Full::from(content));
            let exchanging = send(&client, Request::put("http://test/").body(body).expect("a request"));
            cut_request(peer, version).await;
            let error = failure(exchanging).await;
            assert!(error.to_string().contains("short of its Content-Length"), "{version:?}: {error}");
        }
    }
}

#[tokio::test]
async fn failure_after_the_end_of_the_response_is_of_no_matter() {
    let (client, mut peer) = connected(Version::HTTP_11).await;
    let (source, body) = mpsc::channel(1);
    let body = StreamBody::new(ReceiverStream::new(body));
    let exchanging = send(&client, Request::put("http://test/").body(body).expect("a request"));
    peer.head().await;
    peer.send("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\na").await;
    let response = response(exchanging).await;
    source.send(Ok(Frame::data(Bytes::from("a")))).await.expect("the client reads");
    let (content, _, cut) = read(response).await;
    assert_eq!((content.as_str(), cut), ("a", None));
    let _closed: Result<(), _> = source.send(Err(io::Error::other("the disk is gone"))).await;
}

use super::{
    frames::{DATA, END_HEADERS, END_STREAM, Frames, HEADERS, OK},
    peer::{connect, connected, failure, get, read, response, send},
};
use crate::{ConnectError, Cut, Error};
use bytes::Bytes;
use http::{Request, Version};
use http_body::Frame;
use http_body_util::{BodyExt, Full, StreamBody};
use std::{convert::Infallible, time::Duration};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep},
};
use tokio_stream::{Stream, StreamExt, wrappers::ReceiverStream};

const BOUND: Duration = Duration::from_secs(60);
const ALMOST: Duration = Duration::from_secs(59);

#[tokio::test(start_paused = true)]
async fn server_that_does_not_respond_is_no_connection() {
    let (client, mut peer) = connected(Version::HTTP_11).await;
    let exchanging = send(&client, get());
    peer.head().await;
    let error = failure(exchanging).await;
    assert_eq!(error, Error::Connect(ConnectError::NoResponse(BOUND)));
    assert_eq!(peer.rest().await, b"", "the connection is closed");
}

#[tokio::test(start_paused = true)]
async fn server_that_responds_in_the_last_second_is_in_time() {
    let (client, mut peer) = connected(Version::HTTP_11).await;
    let exchanging = send(&client, get());
    peer.head().await;
    for byte in ["HTTP/1.1 103 Early Hints\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n", "a"] {
        sleep(ALMOST).await;
        peer.send(byte).await;
    }
    assert_eq!(read(response(exchanging).await).await, ("a".to_owned(), None, None));
}

#[tokio::test(start_paused = true)]
async fn body_without_a_byte_is_cut() {
    let (client, mut peer) = connected(Version::HTTP_11).await;
    let exchanging = send(&client.stall_timeout(Duration::from_secs(5)), get());
    peer.head().await;
    peer.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\na").await;
    let (content, _, cut) = read(response(exchanging).await).await;
    assert_eq!((content.as_str(), cut), ("a", Some(Cut::Stalled(Duration::from_secs(5)))));
}

#[tokio::test(start_paused = true)]
async fn slow_body_is_not_cut() {
    let (client, mut peer) = connected(Version::HTTP_11).await;
    let exchanging = send(&client, get());
    peer.head().await;
    peer.send("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n").await;
    let reading = tokio::spawn(read(response(exchanging).await));
    for byte in ["a", "b", "c", "d"] {
        sleep(ALMOST).await;
        peer.send(byte).await;
    }
    assert_eq!(reading.await.expect("no panic"), ("abcd".to_owned(), None, None));
}

#[tokio::test(start_paused = true)]
async fn empty_frames_are_no_progress() {
    let (client, peer) = connected(Version::HTTP_2).await;
    let exchanging = send(&client, get());
    let mut frames = Frames::begin(peer).await;
    let stream = frames.until(HEADERS).await.stream;
    frames.send(HEADERS, END_HEADERS, stream, OK).await;
    let reading = tokio::spawn(read(response(exchanging).await));
    let start = Instant::now();
    sleep(ALMOST).await;
    frames.send(DATA, 0, stream, []).await;
    assert_eq!(reading.await.expect("no panic").2, Some(Cut::Stalled(BOUND)));
    assert_eq!(start.elapsed().as_secs(), BOUND.as_secs());
}

#[tokio::test(start_paused = true)]
async fn slow_reader_is_no_stall() {
    for version in [Version::HTTP_11, Version::HTTP_2] {
        let (client, mut peer) = connected(version).await;
        let exchanging = send(&client, get());
        if version == Version::HTTP_2 {
            let mut frames = Frames::begin(peer).await;
            let stream = frames.until(HEADERS).await.stream;
            frames.send(HEADERS, END_HEADERS, stream, OK).await;
            frames.send(DATA, END_STREAM, stream, "ab").await;
        } else {
            peer.head().await;
            peer.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await;
            peer.send("1\r\na\r\n1\r\nb\r\n0\r\n\r\n").await;
        }
        let response = response(exchanging).await;
        sleep(10 * BOUND).await;
        assert_eq!(read(response).await, ("ab".to_owned(), None, None), "{version:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn slow_source_of_the_request_is_no_stall() {
    let (client, mut peer) = connected(Version::HTTP_11).await;
    let (source, body) = mpsc::channel::<Result<_, Infallible>>(1);
    let body = StreamBody::new(ReceiverStream::new(body));
    let exchanging = send(&client, Request::put("http://test/").body(body).expect("a request"));
    peer.head().await;
    for part in ["a", "b"] {
        sleep(10 * BOUND).await;
        source.send(Ok(Frame::data(Bytes::from(part)))).await.expect("the client reads");
        assert_eq!(peer.until("\r\n").await, "1\r\n");
        assert_eq!(peer.until("\r\n").await, format!("{part}\r\n"));
    }
    drop(source);
    peer.until("0\r\n\r\n").await;
    sleep(ALMOST).await;
    peer.send("HTTP/1.1 204 No Content\r\n\r\n").await;
    assert_eq!(response(exchanging).await.status(), 204);
}

/// An upload of more than fits into the stream, in parts of 64 KiB.
fn upload() -> Request<StreamBody<impl Stream<Item = Result<Frame<Bytes>, Infallible>> + Send>> {
    let part = Bytes::from(vec![b'a'; 64 * 1024]);
    let parts = tokio_stream::iter(vec![part; 16]).map(|part| Ok(Frame::data(part)));
    Request::put("http://test/").body(StreamBody::new(parts)).expect("a request")
}

#[tokio::test(start_paused = true)]
async fn server_that_does_not_read_the_request_stalls_it() {
    for version in [Version::HTTP_11, Version::HTTP_2] {
        let (client, mut peer) = connected(version).await;
        let exchanging = send(&client, upload());
        if version == Version::HTTP_2 {
            let mut frames = Frames::begin(peer).await;
            frames.until(HEADERS).await;
            peer = frames.0;
        } else {
            peer.head().await;
        }
        assert_eq!(failure(exchanging).await, Error::NoResponse(Cut::Stalled(BOUND)), "{version:?}");
        sleep(ALMOST).await;
        assert!(peer.rest().await.len() < 1024 * 1024, "closed although the peer does not read");
    }
}

#[tokio::test(start_paused = true)]
async fn server_that_reads_slowly_is_no_stall() {
    let (client, mut peer) = connected(Version::HTTP_11).await;
    let exchanging = send(&client, upload());
    let head = peer.head().await;
    assert!(head.contains("transfer-encoding: chunked"), "{head}");
    // hyper asks for the next part of the body only once for several of these.
    for _ in 0..100 {
        peer.bytes(1024).await;
        sleep(ALMOST / 20).await;
    }
    let start = Instant::now();
    assert_eq!(failure(exchanging).await, Error::NoResponse(Cut::Stalled(BOUND)));
    assert_eq!(start.elapsed().as_secs(), 57, "since the last byte that the stream accepted");
}

#[tokio::test(start_paused = true)]
async fn request_that_was_sent_is_no_connection_without_a_response() {
    for version in [Version::HTTP_11, Version::HTTP_2] {
        let (client, mut peer) = connected(version).await;
        let body = Full::new(Bytes::from("content"));
        let exchanging = send(&client, Request::put("http://test/").body(body).expect("a request"));
        if version == Version::HTTP_2 {
            let mut frames = Frames::begin(peer).await;
            assert_eq!(frames.until(DATA).await.payload, b"content");
            peer = frames.0;
        } else {
            peer.until("content").await;
        }
        assert_eq!(failure(exchanging).await, Error::Connect(ConnectError::NoResponse(BOUND)));
        peer.rest().await;
    }
}

/// Content that hyper has passed on waits for the server's window.
#[tokio::test(start_paused = true)]
async fn server_whose_window_is_full_stalls_an_upload() {
    const WINDOW: usize = 65_535;
    for (size, error) in [
        (WINDOW, Error::Connect(ConnectError::NoResponse(BOUND))),
        (WINDOW + 1, Error::NoResponse(Cut::Stalled(BOUND))),
    ] {
        let (client, peer) = connected(Version::HTTP_2).await;
        let body = Full::new(Bytes::from(vec![b'a'; size]));
        let exchanging = send(&client, Request::put("http://test/").body(body).expect("a request"));
        let mut frames = Frames::begin(peer).await;
        let mut arrived = 0;
        while arrived < WINDOW {
            arrived += frames.until(DATA).await.payload.len();
        }
        assert_eq!(failure(exchanging).await, error, "{size}");
        frames.0.rest().await;
    }
}

#[tokio::test(start_paused = true)]
async fn connection_that_stalls_is_not_used_again() {
    for is_in_body in [false, true] {
        let (client, peer) = connected(Version::HTTP_2).await;
        let exchanging = send(&client, get());
        let mut frames = Frames::begin(peer).await;
        let stream = frames.until(HEADERS).await.stream;
        if is_in_body {
            frames.send(HEADERS, END_HEADERS, stream, OK).await;
            assert_eq!(read(response(exchanging).await).await.2, Some(Cut::Stalled(BOUND)));
        } else {
            assert_eq!(failure(exchanging).await, Error::Connect(ConnectError::NoResponse(BOUND)));
        }
        frames.0.rest().await;
        let mut peer = connect(&client, Version::HTTP_11).await;
        let exchanging = send(&client, get());
        peer.head().await;
        peer.send("HTTP/1.1 204 No Content\r\n\r\n").await;
        response(exchanging).await;
    }
}

#[tokio::test(start_paused = true)]
async fn upload_during_the_response_is_progress() {
    let (client, mut peer) = connected(Version::HTTP_11).await;
    let (source, body) = mpsc::channel::<Result<_, Infallible>>(1);
    let body = StreamBody::new(ReceiverStream::new(body));
    let exchanging = send(&client, Request::put("http://test/").body(body).expect("a request"));
    peer.head().await;
    peer.send("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n").await;
    let mut body = response(exchanging).await.into_body();
    let reading = tokio::spawn(async move { body.frame().await });
    for _ in 0..3 {
        sleep(ALMOST).await;
        source.send(Ok(Frame::data(Bytes::from("a")))).await.expect("the client reads");
        peer.until("a\r\n").await;
    }
    peer.send("b").await;
    let frame = reading.await.expect("no panic").expect("a frame").expect("no cut");
    assert_eq!(frame.into_data().expect("data"), "b");
}

#[tokio::test(start_paused = true)]
async fn time_without_limit_is_no_overflow() {
    let (client, mut peer) = connected(Version::HTTP_11).await;
    let client = client.stall_timeout(Duration::MAX).expect_timeout(Duration::MAX);
    let exchanging = send(&client, get());
    peer.head().await;
    sleep(BOUND).await;
    peer.send("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n").await;
    let reading = tokio::spawn(read(response(exchanging).await));
    sleep(BOUND).await;
    peer.send("a").await;
    assert_eq!(reading.await.expect("no panic"), ("a".to_owned(), None, None));
}

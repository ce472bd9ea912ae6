use super::{
    frames::{END_HEADERS, END_STREAM, Frames, GOAWAY, HEADERS, OK},
    peer::{connect, connected, failure, get, read, response, send},
};
use crate::{Client, Cut, Error};
use http::Version;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

const EMPTY: &str = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

#[tokio::test]
async fn connection_is_used_again_after_each_kind_of_end() {
    let responses = [
        EMPTY,
        "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\na",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\nx: 1\r\n\r\n",
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n",
    ];
    let (client, mut peer) = connected(Version::HTTP_11).await;
    for text in responses {
        let exchanging = send(&client, get());
        peer.head().await;
        peer.send(text).await;
        assert_eq!(read(response(exchanging).await).await.2, None, "{text}");
    }
}

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    (listener, url)
}

#[tokio::test]
async fn connection_is_not_used_again_if_it_can_not() {
    // Whether the body is read to its end, and the response.
    let responses = [
        (true, "HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 1\r\n\r\na"),
        (true, "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 1\r\n\r\na"),
        (true, "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nab"),
        (false, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\na"),
    ];
    for (is_read, text) in responses {
        let (client, (listener, url)) = (Client::new(), listen().await);
        for _ in 0..2 {
            let request = http::Request::get(&url).body(String::new()).expect("a request");
            let exchanging = send(&client, request);
            let (mut stream, _) = listener.accept().await.expect("a connection for each request");
            let mut head = [0; 4096];
            assert!(stream.read(&mut head).await.expect("a request") > 0);
            stream.write_all(text.as_bytes()).await.expect("the client reads");
            let response = response(exchanging).await;
            if is_read {
                assert_eq!(read(response).await.0, "a", "{text}");
            } else {
                drop(response);
            }
            let mut rest = Vec::new();
            let _reset_or_closed = stream.read_to_end(&mut rest).await;
            assert_eq!(rest, b"", "{text}");
        }
    }
}

#[tokio::test]
async fn http2_connection_carries_several_requests_at_once() {
    let (client, peer) = connected(Version::HTTP_2).await;
    let first = send(&client, get());
    let mut frames = Frames::begin(peer).await;
    let a = frames.until(HEADERS).await.stream;
    let second = send(&client, get());
    let b = frames.until(HEADERS).await.stream;
    frames.send(HEADERS, END_HEADERS | END_STREAM, b, OK).await;
    assert_eq!(read(response(second).await).await.2, None);
    frames.send(HEADERS, END_HEADERS | END_STREAM, a, OK).await;
    assert_eq!(read(response(first).await).await.2, None);
}

/// The client has one of these protocols idle, which is closed now.
async fn with_closed_connection(version: Version) -> Client {
    let (client, mut peer) = connected(version).await;
    if version == Version::HTTP_2 {
        let mut frames = Frames::begin(peer).await;
        frames.send(GOAWAY, 0, 0, [0; 8]).await;
        frames.0.rest().await;
    } else {
        peer.close().await;
        peer.rest().await;
    }
    client
}

#[tokio::test]
async fn closed_idle_connection_is_replaced() {
    for version in [Version::HTTP_11, Version::HTTP_2] {
        let client = with_closed_connection(version).await;
        let request = send(&client, get());
        // `test` has no address, so the attempt shows.
        let error = failure(request).await;
        assert!(matches!(error, Error::Connect(_)), "{version:?}: {error:?}");
        let mut peer = connect(&client, Version::HTTP_11).await;
        let exchanging = send(&client, get());
        peer.head().await;
        peer.send(EMPTY).await;
        response(exchanging).await;
    }
}

#[tokio::test]
async fn request_that_was_sent_is_not_repeated() {
    let (client, mut peer) = connected(Version::HTTP_11).await;
    let exchanging = send(&client, get());
    peer.head().await;
    drop(peer);
    assert_eq!(failure(exchanging).await, Error::NoResponse(Cut::Closed));
}

#[tokio::test]
async fn connections_without_use_are_bounded() {
    let client = Client::new();
    let mut streams = Vec::new();
    for _ in 0..20 {
        let (listener, url) = listen().await;
        let request = http::Request::get(url).body(String::new()).expect("a request");
        let exchanging = send(&client, request);
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut head = [0; 4096];
        assert!(stream.read(&mut head).await.expect("a request") > 0);
        stream.write_all(EMPTY.as_bytes()).await.expect("the client reads");
        read(response(exchanging).await).await;
        streams.push(stream);
    }
    for stream in &mut streams[..4] {
        assert_eq!(stream.read(&mut [0]).await.expect("closed"), 0, "the oldest are closed");
    }
    for stream in &mut streams[4..] {
        let error = stream.try_read(&mut [0]).expect_err("open");
        assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
    }
}

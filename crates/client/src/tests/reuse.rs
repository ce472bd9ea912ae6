use super::{
    frames::{END_HEADERS, END_STREAM, Frames, GOAWAY, HEADERS, OK, RST_STREAM},
    peer::{connect, connected, failure, get, read, response, send},
};
use crate::{Client, Cut, Error};
use http::{Method, Version};
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
async fn only_an_idempotent_request_is_repeated_if_its_idle_connection_is_closed() {
    for (method, is_repeated) in [(Method::GET, true), (Method::DELETE, true), (Method::POST, false)] {
        let (client, mut peer) = connected(Version::HTTP_11).await;
        let exchanging = send(&client, get());
        peer.head().await;
        peer.send(EMPTY).await;
        read(response(exchanging).await).await;
        let mut request = get();
        *request.method_mut() = method.clone();
        let exchanging = send(&client, request);
        peer.head().await;
        drop(peer);
        // `test` has no address, so the attempt shows.
        let error = failure(exchanging).await;
        assert_eq!(matches!(error, Error::Connect(_)), is_repeated, "{method}: {error:?}");
        assert_eq!(error == Error::NoResponse(Cut::Closed), !is_repeated, "{method}: {error:?}");
    }
}

#[tokio::test]
async fn request_over_a_new_connection_is_not_repeated() {
    let (client, mut peer) = connected(Version::HTTP_11).await;
    let exchanging = send(&client, get());
    peer.head().await;
    drop(peer);
    assert_eq!(failure(exchanging).await, Error::NoResponse(Cut::Closed));
}

/// The last stream that the server processes, and its code.
fn goaway(last: u32, code: u32) -> Vec<u8> {
    [last.to_be_bytes(), code.to_be_bytes()].concat()
}

/// A frame that ends a request without a response, on its stream or on the connection.
fn ends(stream: u32) -> [(u8, u32, Vec<u8>, bool); 5] {
    let reset = |code: u32| code.to_be_bytes().to_vec();
    [
        (RST_STREAM, stream, reset(7), true),
        (GOAWAY, 0, goaway(0, 0), true),
        (RST_STREAM, stream, reset(0), false),
        (RST_STREAM, stream, reset(8), false),
        (GOAWAY, 0, goaway(0, 2), false),
    ]
}

#[tokio::test]
async fn request_that_was_not_processed_is_repeated_once() {
    for (n, (kind, stream, payload, is_unprocessed)) in ends(1).into_iter().enumerate() {
        for is_repeated in [true, false] {
            let (client, peer) = connected(Version::HTTP_2).await;
            let exchanging = send(&client, get());
            let mut first = Frames::begin(peer).await;
            first.until(HEADERS).await;
            let peer = connect(&client, Version::HTTP_2).await;
            first.send(kind, 0, stream, &payload).await;
            if !is_unprocessed {
                let error = failure(exchanging).await;
                assert!(matches!(error, Error::NoResponse(_)) && !error.is_unprocessed(), "{n}: {error:?}");
                continue;
            }
            let mut second = Frames::begin(peer).await;
            let repeated = second.until(HEADERS).await.stream;
            if is_repeated {
                second.send(HEADERS, END_HEADERS | END_STREAM, repeated, OK).await;
                assert_eq!(response(exchanging).await.status(), 200);
            } else {
                second.send(kind, 0, stream, &payload).await;
                assert!(failure(exchanging).await.is_unprocessed(), "{n}: not a third time");
            }
        }
    }
}

#[tokio::test]
async fn request_with_content_is_not_repeated_but_says_that_it_can_be() {
    for (n, (kind, stream, payload, is_unprocessed)) in ends(1).into_iter().enumerate() {
        let (client, peer) = connected(Version::HTTP_2).await;
        let request = http::Request::put("http://test/").body("content".to_owned()).expect("a request");
        let exchanging = send(&client, request);
        let mut frames = Frames::begin(peer).await;
        frames.until(HEADERS).await;
        let _other = connect(&client, Version::HTTP_2).await;
        frames.send(kind, 0, stream, &payload).await;
        assert_eq!(failure(exchanging).await.is_unprocessed(), is_unprocessed, "{n}");
    }
}

#[tokio::test]
async fn request_that_a_shutdown_includes_is_not_repeated() {
    let (client, peer) = connected(Version::HTTP_2).await;
    let exchanging = send(&client, get());
    let mut frames = Frames::begin(peer).await;
    let stream = frames.until(HEADERS).await.stream;
    let _other = connect(&client, Version::HTTP_2).await;
    frames.send(GOAWAY, 0, 0, goaway(stream, 0)).await;
    drop(frames);
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

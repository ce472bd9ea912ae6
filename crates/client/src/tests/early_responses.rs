use super::{
    frames::{DATA, END_HEADERS, END_STREAM, Frames, HEADERS, OK, RST_STREAM, SETTINGS, encode},
    peer::{connected, failure, read, response, send},
};
use crate::{Client, Connector, Cut, Error, Protocol};
use bytes::Bytes;
use http::{Request, Version};
use http_body::Frame;
use http_body_util::{BodyExt, Full, StreamBody};
use std::{convert::Infallible, io, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::mpsc,
    time::sleep,
};
use tokio_stream::wrappers::ReceiverStream;

type Part = Result<Frame<Bytes>, Infallible>;

/// An upload whose end waits for the source.
fn upload() -> (mpsc::Sender<Part>, Request<StreamBody<ReceiverStream<Part>>>) {
    let (source, body) = mpsc::channel(1);
    let body = StreamBody::new(ReceiverStream::new(body));
    (source, Request::put("http://test/").body(body).expect("a request"))
}

#[tokio::test]
async fn response_is_read_while_the_request_is_sent() {
    let (client, mut peer) = connected(Version::HTTP_11).await;
    let (source, request) = upload();
    let exchanging = send(&client, request);
    peer.head().await;
    peer.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await;
    let mut body = response(exchanging).await.into_body();
    for part in ["a", "b"] {
        source.send(Ok(Frame::data(Bytes::from(part)))).await.expect("the client reads");
        assert_eq!(peer.until("\r\n").await, "1\r\n");
        let echoed = peer.until("\r\n").await;
        peer.send(format!("1\r\n{echoed}")).await;
        let frame = body.frame().await.expect("a frame").expect("no cut");
        assert_eq!(frame.into_data().expect("data"), part);
    }
    drop(source);
    peer.until("0\r\n\r\n").await;
    peer.send("0\r\n\r\n").await;
    assert!(body.frame().await.is_none());
}

#[tokio::test]
async fn rest_of_the_request_is_not_sent_after_the_response() {
    let (client, mut peer) = connected(Version::HTTP_11).await;
    let (source, request) = upload();
    let exchanging = send(&client, request);
    peer.head().await;
    peer.send("HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno").await;
    assert_eq!(read(response(exchanging).await).await, ("no".to_owned(), None, None));
    assert_eq!(peer.rest().await, b"", "closed without the last chunk");
    source.closed().await;
}

#[tokio::test(start_paused = true)]
async fn server_that_does_not_read_cannot_keep_the_connection() {
    for is_read in [true, false] {
        let (client, mut peer) = connected(Version::HTTP_11).await;
        // More than fits into the stream.
        let request = Request::put("http://test/").body(Full::new(Bytes::from(vec![0; 1024 * 1024])));
        let exchanging = send(&client, request.expect("a request"));
        peer.head().await;
        peer.send("HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno").await;
        let response = response(exchanging).await;
        if is_read {
            assert_eq!(read(response).await, ("no".to_owned(), None, None));
        } else {
            drop(response);
        }
        sleep(Duration::from_secs(10)).await;
        assert!(peer.rest().await.len() < 1024 * 1024, "closed before the end");
    }
}

#[tokio::test]
async fn rest_of_the_request_is_not_sent_after_the_response_is_dropped() {
    for version in [Version::HTTP_11, Version::HTTP_2] {
        let (client, mut peer) = connected(version).await;
        let (source, request) = upload();
        let exchanging = send(&client, request);
        if version == Version::HTTP_11 {
            peer.head().await;
            peer.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\na").await;
            drop(response(exchanging).await);
            assert_eq!(peer.rest().await, b"", "closed without the last chunk");
        } else {
            let mut frames = Frames::begin(peer).await;
            let stream = frames.until(HEADERS).await.stream;
            frames.send(HEADERS, END_HEADERS, stream, OK).await;
            drop(response(exchanging).await);
            assert_eq!(frames.until(RST_STREAM).await.payload, [0, 0, 0, 8]);
        }
        source.closed().await;
    }
}

#[tokio::test]
async fn http2_response_ends_the_request_with_or_without_a_reset() {
    for code in [None, Some(0), Some(8)] {
        let (client, peer) = connected(Version::HTTP_2).await;
        let (source, request) = upload();
        let exchanging = send(&client, request);
        let mut frames = Frames::begin(peer).await;
        let stream = frames.until(HEADERS).await.stream;
        frames.send(HEADERS, END_HEADERS, stream, OK).await;
        frames.send(DATA, END_STREAM, stream, "no").await;
        if let Some(code) = code {
            frames.reset(stream, code).await;
        }
        assert_eq!(read(response(exchanging).await).await, ("no".to_owned(), None, None), "{code:?}");
        if code.is_none() {
            assert_eq!(frames.until(RST_STREAM).await.payload, [0, 0, 0, 8]);
        }
        source.closed().await;
    }
}

/// More than the buffers of two sockets.
const MUCH: usize = 16 * 1024 * 1024;

#[tokio::test]
async fn response_survives_the_end_of_its_connection() {
    for version in [Version::HTTP_11, Version::HTTP_2] {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/", listener.local_addr().expect("an address"));
        let request = Request::put(url).body(Full::new(Bytes::from(vec![0; MUCH]))).expect("a request");
        let protocol = if version == Version::HTTP_2 { Protocol::Http2 } else { Protocol::Http1 };
        let client = Client::with(Connector::new().protocol(protocol));
        let exchanging = send(&client, request);
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut begin = [0; 100];
        stream.read_exact(&mut begin).await.expect("the beginning of the request");
        let content = "no".repeat(50_000);
        let message = if version == Version::HTTP_2 {
            let mut message = encode(SETTINGS, 0, 0, &[]);
            // The client's settings, which permit more than 64 KiB.
            message.extend(encode(SETTINGS, 1, 0, &[]));
            message.extend(encode(HEADERS, END_HEADERS, 1, &OK));
            for part in content.as_bytes().chunks(10_000) {
                message.extend(encode(DATA, 0, 1, part));
            }
            message.extend(encode(DATA, END_STREAM, 1, b""));
            message
        } else {
            format!("HTTP/1.1 413 Content Too Large\r\ncontent-length: 100000\r\n\r\n{content}").into_bytes()
        };
        stream.write_all(&message).await.expect("the client reads");
        let response = response(exchanging).await;
        // What it has not read makes the socket send a reset.
        drop(stream);
        let (received, _, cut) = read(response).await;
        assert_eq!((received.len(), cut), (content.len(), None), "{version:?}");
    }
}

#[tokio::test]
async fn connection_that_is_closed_during_the_request_is_no_response() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/", listener.local_addr()?);
    let request = Request::put(url).body(Full::new(Bytes::from(vec![0; MUCH]))).expect("a request");
    let exchanging = send(&Client::new(), request);
    let (mut stream, _) = listener.accept().await?;
    stream.read_exact(&mut [0; 100]).await?;
    drop(stream);
    let error = failure(exchanging).await;
    assert_eq!(error, Error::NoResponse(Cut::Closed));
    Ok(())
}

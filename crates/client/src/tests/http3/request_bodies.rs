use super::server::{Asked, OK, Peer, Server, client};
use crate::{
    Client, Cut, Error,
    tests::peer::{Exchanging, failure, read, response, send},
};
use axum_trailers_testing::http3::{self, DATA, HEADERS, frame, frame_head};
use bytes::Bytes;
use http::Request;
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use std::{io, time::Duration};
use tokio::sync::mpsc;
use tokio_stream::{StreamExt, wrappers::ReceiverStream};

type Part = io::Result<Frame<Bytes>>;

/// An upload that has begun, whose parts come from here.
struct Upload {
    source: mpsc::Sender<Part>,
    exchanging: Exchanging,
    asked: Asked,
    open: Open,
}

/// What keeps both ends open.
struct Open {
    client: Client,
    peer: Peer,
    _server: Server,
}

async fn upload(client: Client, length: Option<u64>) -> Upload {
    let server = Server::start();
    let (source, parts) = mpsc::channel(1);
    let mut request = Request::put(&server.url);
    if let Some(length) = length {
        request = request.header("content-length", length);
    }
    let body = StreamBody::new(ReceiverStream::new(parts));
    let exchanging = send(&client, request.body(body).expect("a request"));
    let peer = server.accept().await;
    let asked = peer.asked().await;
    Upload { source, exchanging, asked, open: Open { client, peer, _server: server } }
}

#[expect(clippy::unnecessary_wraps, reason = "it is a part")]
fn data(content: impl Into<Bytes>) -> Part {
    Ok(Frame::data(content.into()))
}

#[tokio::test]
async fn response_is_read_while_the_request_is_sent() {
    let Upload { source, exchanging, mut asked, open: _open } = upload(client(), None).await;
    asked.send(frame(HEADERS, OK)).await;
    let mut body = response(exchanging).await.into_body();
    for part in ["a", "b"] {
        source.send(data(part)).await.expect("the client reads");
        asked.until(part.as_bytes()).await;
        asked.send(http3::data(part.as_bytes())).await;
        let frame = body.frame().await.expect("a frame").expect("no cut");
        assert_eq!(frame.into_data().expect("data"), part);
    }
    drop(source);
    assert_eq!(asked.rest().await, Ok(Vec::new()), "the end");
    asked.finish();
    assert!(body.frame().await.is_none());
}

#[tokio::test]
async fn rest_of_the_request_is_not_sent_after_the_response() {
    let Upload { source, exchanging, mut asked, open: _open } = upload(client(), None).await;
    source.send(data("a")).await.expect("the client reads");
    asked.send([frame(HEADERS, OK), http3::data(b"no")].concat()).await.finish();
    assert_eq!(read(response(exchanging).await).await, ("no".to_owned(), None, None));
    // H3_REQUEST_CANCELLED.
    assert_eq!(asked.rest().await, Err(0x10c));
    source.closed().await;
}

#[tokio::test]
async fn body_that_fails_is_reset_and_the_error_says_why() {
    let Upload { source, exchanging, mut asked, open: _open } = upload(client(), None).await;
    source.send(data("a")).await.expect("the client reads");
    source.send(Err(io::Error::other("disk"))).await.expect("the client reads");
    // H3_INTERNAL_ERROR.
    assert_eq!(asked.rest().await, Err(0x102));
    assert_eq!(failure(exchanging).await, Error::RequestBody("disk".to_owned()));
}

#[tokio::test]
async fn body_that_fails_within_the_response_cuts_it() {
    let Upload { source, exchanging, mut asked, open: _open } = upload(client(), None).await;
    asked.send([frame(HEADERS, OK), http3::data(b"ab")].concat()).await;
    let response = response(exchanging).await;
    source.send(Err(io::Error::other("disk"))).await.expect("the client reads");
    let (_, _, cut) = read(response).await;
    assert_eq!(cut, Some(Cut::RequestBody("disk".to_owned())));
    assert_eq!(asked.rest().await, Err(0x102));
}

#[tokio::test]
async fn body_of_another_length_is_reset() {
    for (parts, reason) in [
        (&["ab"][..], "the request body ends 1 bytes short of its Content-Length"),
        (&["ab", "cd"], "the request body is longer than its Content-Length"),
    ] {
        let Upload { source, exchanging, mut asked, open: _open } = upload(client(), Some(3)).await;
        for part in parts {
            source.send(data(*part)).await.expect("the client reads");
        }
        drop(source);
        assert_eq!(asked.rest().await, Err(0x102));
        assert_eq!(failure(exchanging).await, Error::RequestBody(reason.to_owned()));
    }
}

#[tokio::test]
async fn body_that_panics_is_reset() {
    let server = Server::start();
    let client = client();
    let parts = tokio_stream::iter([1, 0]).map(|divisor| data(vec![b'a'; 8 / divisor]));
    let request = Request::put(&server.url).body(StreamBody::new(parts)).expect("a request");
    let exchanging = send(&client, request);
    let peer = server.accept().await;
    let mut asked = peer.asked().await;
    assert_eq!(asked.rest().await, Err(0x10c));
    assert_eq!(failure(exchanging).await, Error::RequestBody("it panicked".to_owned()));
}

#[tokio::test]
async fn server_that_wants_no_more_and_responds_is_no_failure() {
    for code in [0x100, 0x102] {
        let Upload { source, exchanging, mut asked, open: _open } = upload(client(), None).await;
        source.send(data("a")).await.expect("the client reads");
        asked.recv.stop(code_of(code)).expect("it is open");
        source.closed().await;
        asked.send([frame(HEADERS, OK), http3::data(b"no")].concat()).await.finish();
        assert_eq!(read(response(exchanging).await).await, ("no".to_owned(), None, None));
    }
}

fn code_of(code: u32) -> axum_trailers_quic::quinn::VarInt {
    code.into()
}

#[tokio::test]
async fn upload_that_the_server_does_not_read_is_a_stall() {
    let bound = Duration::from_millis(300);
    let Upload { source, exchanging, asked: _asked, open: _open } =
        upload(client().stall_timeout(bound), None).await;
    let source = tokio::spawn(async move {
        // More than the windows of the server.
        while source.send(data(vec![0; 1024 * 1024])).await.is_ok() {}
    });
    assert_eq!(failure(exchanging).await, Error::NoResponse(Cut::Stalled(bound)));
    source.await.expect("the body is dropped");
}

#[tokio::test]
async fn upload_that_has_arrived_and_gets_no_response_is_no_stall_of_it() {
    let bound = Duration::from_millis(600);
    let Upload { source, exchanging, mut asked, open: _open } =
        upload(client().stall_timeout(bound), None).await;
    source.send(data("a")).await.expect("the client reads");
    drop(source);
    asked.rest().await.expect("a whole request");
    let error = failure(exchanging).await;
    assert_eq!(error, Error::Connect(crate::ConnectError::NoResponse(bound)));
}

#[tokio::test]
async fn request_that_nobody_waits_for_is_cancelled() {
    let Upload { source, exchanging, mut asked, open } = upload(client(), None).await;
    source.send(data("a")).await.expect("the client reads");
    asked.until(b"a").await;
    exchanging.abort();
    assert_eq!(asked.rest().await, Err(0x10c));
    assert_eq!(asked.send.stopped().await.expect("open").map(u64::from), Some(0x10c));
    drop(open);
}

#[tokio::test]
async fn end_of_a_request_arrives_although_the_client_is_dropped() {
    let Upload { source, exchanging, mut asked, open } = upload(client(), None).await;
    asked.send([frame(HEADERS, OK), frame_head(DATA, 1)].concat()).await;
    let response = response(exchanging).await;
    source.send(data(vec![b'a'; 300_000])).await.expect("the client reads");
    drop(source);
    let arrived = tokio::spawn(async move { asked.rest().await.map(|bytes| bytes.len()) });
    tokio::task::yield_now().await;
    drop(open.client);
    let length = arrived.await.expect("no panic").expect("a whole request");
    assert!(length > 300_000);
    drop(response);
    assert_eq!(open.peer.closed().await, Some(0x100));
}

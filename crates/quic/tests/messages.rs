//! Messages in both directions.

use crate::support::{Adapter, Ours, Plain, connect, fault};
use axum_trailers_quic::{
    Bounds, Connection, Content, Fault, Stopped,
    h3::{self, error::StreamError},
};
use axum_trailers_testing::http3::{HEADERS, control, data, frame};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body_util::BodyExt;
use std::future::poll_fn;

fn trailers(value: &'static str) -> HeaderMap {
    HeaderMap::from_iter([(http::HeaderName::from_static("x-end"), HeaderValue::from_static(value))])
}

#[tokio::test]
async fn content_and_trailers_arrive_in_both_directions() {
    let (client, server, _endpoints) = connect().await;
    let serving = tokio::spawn(async move {
        let (connection, streams) = Connection::new(server, Bounds::default());
        let mut server = h3::server::builder().send_grease(false).build(connection).await.expect("settings");
        let request = server.accept().await.expect("no error").expect("a request");
        let (request, stream) = request.resolve_request().await.expect("a header section");
        assert_eq!(request.uri().path(), "/upload");
        let control = streams.take(stream.id()).expect("a stream");
        assert!(streams.take(stream.id()).is_none());
        assert!(!control.has_ended());
        let (mut send, recv) = stream.split();
        let content = Content::of_request(recv, &control, Some(200_000));
        let received = content.collect().await.expect("a whole request");
        assert!(control.has_ended());
        send.send_response(Response::new(())).await.expect("a response");
        send.send_data(Bytes::from(vec![b'b'; 300_000])).await.expect("content");
        send.send_trailers(trailers("response")).await.expect("trailers");
        send.finish().await.expect("an end");
        assert_eq!(control.stopped().await, Stopped::Acknowledged);
        received
    });
    let (connection, streams) = Connection::new(client, Bounds::default());
    let (mut driver, mut sender) = h3::client::new(connection).await.expect("settings");
    let driving = tokio::spawn(async move { poll_fn(|cx| driver.poll_close(cx)).await });
    let request = Request::post("https://localhost/upload").body(()).expect("a request");
    let mut stream = sender.send_request(request).await.expect("a stream");
    let control = streams.take(stream.id()).expect("a stream");
    stream.send_data(Bytes::from(vec![b'a'; 200_000])).await.expect("content");
    stream.send_trailers(trailers("request")).await.expect("trailers");
    stream.finish().await.expect("an end");
    stream.recv_response().await.expect("a response");
    let (_send, recv) = stream.split();
    let response = Content::of_response(recv, &control, None).collect().await.expect("a whole response");
    let request = serving.await.expect("no panic");
    assert_eq!(request.trailers(), Some(&trailers("request")));
    assert_eq!(request.to_bytes(), vec![b'a'; 200_000]);
    assert_eq!(response.trailers(), Some(&trailers("response")));
    assert_eq!(response.to_bytes(), vec![b'b'; 300_000]);
    drop(sender);
    driving.await.expect("no panic");
}

/// `:status: 103` and `:status: 200`.
const INTERIM: &[u8] = &[0, 0, 0xd8];
const OK: &[u8] = &[0, 0, 0xd9];

/// What a client gets of two responses on one connection: the first one ends after these bytes, and the second one goes on.
async fn responses<A: Adapter>(first: &[u8]) -> [Result<(), StreamError>; 2]
where
    <A::Connection as h3::quic::OpenStreams<Bytes>>::BidiStream: Send,
{
    let (client, server, _endpoints) = connect().await;
    let mut settings = server.open_uni().await.expect("a stream");
    settings.write_all(&control(&[])).await.expect("it is open");
    let (mut driver, mut sender) = h3::client::new(A::wrap(client)).await.expect("settings");
    let driving = tokio::spawn(async move { poll_fn(|cx| driver.poll_close(cx)).await });
    let request = || Request::get("https://localhost/").body(()).expect("a request");
    let mut broken = sender.send_request(request()).await.expect("a stream");
    let mut other = sender.send_request(request()).await.expect("a stream");
    let (mut sending, _recv) = server.accept_bi().await.expect("a stream");
    let (mut going_on, _recv) = server.accept_bi().await.expect("a stream");
    going_on.write_all(&frame(HEADERS, OK)).await.expect("it is open");
    other.recv_response().await.expect("a response");
    sending.write_all(first).await.expect("it is open");
    sending.finish().expect("it is open");
    let mut ends = vec![broken.recv_response().await.map(drop)];
    if ends.iter().all(Result::is_ok) {
        ends = vec![broken.recv_response().await.map(drop)];
    }
    // The connection may be closed.
    let _sent = going_on.write_all(&data(b"hello")).await;
    ends.push(other.recv_data().await.map(drop));
    driving.abort();
    ends.try_into().expect("two")
}

#[tokio::test]
async fn plain_h3_ends_the_connection_for_a_stream_without_a_response() {
    let [broken, other] = responses::<Plain>(b"").await;
    assert!(matches!(broken, Err(StreamError::ConnectionError(_))), "{broken:?}");
    assert!(matches!(other, Err(StreamError::ConnectionError(_))), "{other:?}");
}

#[tokio::test]
async fn stream_without_a_response_ends_alone() {
    for first in [vec![], frame(HEADERS, INTERIM), frame(0x21, b"")] {
        let [broken, other] = responses::<Ours>(&first).await;
        assert_eq!(fault(broken), Some(Fault::NoResponse), "{first:x?}");
        other.expect("content");
    }
}

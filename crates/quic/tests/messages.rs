//! Messages in both directions.

use crate::support::connect;
use axum_trailers_quic::{Bounds, Connection, Content, Stopped, h3};
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

//! Halves of a stream that are dropped before their end.

use crate::support::{Adapter, Ours, Plain, Raw, accept, code, connect, post, serve};
use axum_trailers_quic::{
    Bounds, Connection,
    h3::{self, error::Code},
};
use axum_trailers_testing::http3::{data, literal};
use bytes::Bytes;
use http::{Request, Response};
use quinn::{ReadError, ReadToEndError, VarInt};
use std::future::poll_fn;

/// What a client reads of a response that is dropped after its first part.
async fn dropped_response<A: Adapter>() -> Result<Vec<u8>, ReadToEndError> {
    let (raw, server) = Raw::connect().await;
    let (_send, mut recv) = raw.request(&post(&[])).await;
    let (_server, _, mut stream) = accept::<A>(server).await;
    stream.send_response(Response::new(())).await.expect("a response");
    stream.send_data(Bytes::from_static(b"the first half")).await.expect("content");
    drop(stream);
    recv.read_to_end(1000).await
}

#[tokio::test]
async fn plain_h3_ends_a_dropped_response_as_if_it_were_complete() {
    let response = dropped_response::<Plain>().await.expect("a clean end");
    assert!(response.ends_with(b"the first half"));
}

#[tokio::test]
async fn dropped_response_is_reset() {
    let reset = ReadToEndError::Read(ReadError::Reset(code(Code::H3_INTERNAL_ERROR)));
    assert_eq!(dropped_response::<Ours>().await, Err(reset));
}

#[tokio::test]
async fn finished_response_is_whole_after_it_is_dropped() {
    let (raw, server) = Raw::connect().await;
    let (_send, mut recv) = raw.request(&post(&[])).await;
    let (_server, _, mut stream) = accept::<Ours>(server).await;
    stream.send_response(Response::new(())).await.expect("a response");
    stream.send_data(Bytes::from(vec![b'a'; 1_000_000])).await.expect("content");
    let reading = tokio::spawn(async move { recv.read_to_end(2_000_000).await });
    stream.finish().await.expect("an end");
    drop(stream);
    let response = reading.await.expect("no panic").expect("a clean end");
    assert!(response.ends_with(&vec![b'a'; 1_000_000]));
}

#[tokio::test]
async fn dropped_request_is_reset_by_a_client() {
    let (client, server, _endpoints) = connect().await;
    let (mut driver, mut sender) =
        h3::client::new(Connection::new(client, Bounds::default()).0).await.expect("settings");
    let driving = tokio::spawn(async move { poll_fn(|cx| driver.poll_close(cx)).await });
    let request = Request::put("https://localhost/").body(()).expect("a request");
    let mut stream = sender.send_request(request).await.expect("a stream");
    stream.send_data(Bytes::from_static(b"the first half")).await.expect("content");
    let (mut send, mut recv) = server.accept_bi().await.expect("a stream");
    let mut received = Vec::new();
    while !received.ends_with(b"half") {
        let chunk = recv.read_chunk(1000, true).await.expect("no error").expect("content");
        received.extend(chunk.bytes);
    }
    drop(stream);
    let cancelled = code(Code::H3_REQUEST_CANCELLED);
    assert_eq!(recv.read_to_end(0).await, Err(ReadToEndError::Read(ReadError::Reset(cancelled))));
    assert_eq!(send.stopped().await, Ok(Some(cancelled)));
    assert!(send.write(b"?").await.is_err());
    drop(sender);
    driving.abort();
}

/// How a server stops a request whose content it drops.
async fn dropped_request<A: Adapter>() -> VarInt {
    let (raw, server) = Raw::connect().await;
    let (send, _recv) = raw.send(&[post(&[]), data(b"hello")].concat()).await;
    let (_server, _, stream) = accept::<A>(server).await;
    let (_send, recv) = stream.split();
    drop(recv);
    send.stopped().await.expect("no error").expect("a code")
}

#[tokio::test]
async fn plain_h3_stops_a_request_with_a_code_of_no_meaning() {
    assert_eq!(dropped_request::<Plain>().await, VarInt::from_u32(0));
}

#[tokio::test]
async fn request_is_stopped_without_an_error() {
    assert_eq!(dropped_request::<Ours>().await, code(Code::H3_NO_ERROR));
}

/// h3 answers a header section over the limit, and drops the stream.
#[tokio::test]
async fn response_of_h3_itself_is_whole_if_that_is_asked_for() {
    for finishes in [true, false] {
        let (raw, server) = Raw::connect().await;
        let (_send, mut recv) = raw.request(&post(&literal("x-a", "a".repeat(100)))).await;
        let (connection, streams) = Connection::new(server, Bounds::default());
        let mut builder = h3::server::builder();
        let built = builder.send_grease(false).max_field_section_size(300).build(connection).await;
        let mut server = built.expect("settings");
        let resolver = server.accept().await.expect("no error").expect("a request");
        let control = streams.take(resolver.frame_stream.id()).expect("a stream");
        control.finish_if_dropped(finishes);
        assert!(resolver.resolve_request().await.is_err());
        let response = recv.read_to_end(1000).await;
        assert_eq!(response.is_ok_and(|response| !response.is_empty()), finishes);
    }
}

#[tokio::test]
async fn request_that_is_reset_in_its_header_section_gets_no_clean_end() {
    let (raw, server) = Raw::connect().await;
    let request = post(&[]);
    let (mut send, mut recv) = raw.send(&request[..request.len() / 2]).await;
    let (connection, streams) = Connection::new(server, Bounds::default());
    let mut server = h3::server::builder().send_grease(false).build(connection).await.expect("settings");
    let resolver = server.accept().await.expect("no error").expect("a request");
    streams.take(resolver.frame_stream.id()).expect("a stream").finish_if_dropped(true);
    send.reset(code(Code::H3_REQUEST_CANCELLED)).expect("it is open");
    assert!(resolver.resolve_request().await.is_err());
    let reset = ReadToEndError::Read(ReadError::Reset(code(Code::H3_REQUEST_INCOMPLETE)));
    assert_eq!(recv.read_to_end(0).await, Err(reset));
}

/// h3 polls the halves of a stream in different tasks.
#[tokio::test]
async fn halves_are_independent() {
    let (raw, server) = Raw::connect().await;
    let (mut send, mut recv) = raw.send(&post(&[])).await;
    let mut server = serve::<Ours>(server).await;
    let resolver = server.accept().await.expect("no error").expect("a request");
    let (_, stream) = resolver.resolve_request().await.expect("a header section");
    let (mut sending, mut receiving) = stream.split();
    let reading = tokio::spawn(async move { receiving.recv_data().await.map(|data| data.is_some()) });
    sending.send_response(Response::new(())).await.expect("a response");
    sending.finish().await.expect("an end");
    drop(sending);
    recv.read_to_end(1000).await.expect("a clean end");
    send.write_all(&data(b"hello")).await.expect("it is open");
    assert!(matches!(reading.await.expect("no panic"), Ok(true)));
}

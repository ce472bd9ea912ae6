//! The end of a connection.

use crate::support::{
    Adapter, Ours, Plain, Raw, Server, accept, assert_closed, code, post, serve, serve_one,
};
use axum_trailers_quic::{
    Bounds, Connection, Stopped,
    h3::{self, error::Code},
};
use axum_trailers_testing::http3::{CONTROL, GOAWAY, MAX_FIELD_SECTION_SIZE, control, frame, varint};
use bytes::Bytes;
use futures_util::poll;
use http::Response;
use quinn::{ReadError, ReadToEndError, RecvStream, TransportConfig};
use std::pin::pin;

/// The id that a `GOAWAY` announces, behind the control stream's type and `SETTINGS`.
async fn announced(mut control: RecvStream) -> u8 {
    let mut bytes = Vec::new();
    loop {
        bytes.extend(control.read_chunk(1000, true).await.expect("no error").expect("it is open").bytes);
        if let [.., 7, 1, id] = bytes[..] {
            return id;
        }
    }
}

/// The peer's control stream. Those of QPACK are behind it.
async fn control_of(connection: &quinn::Connection) -> RecvStream {
    connection.accept_uni().await.expect("a stream")
}

#[tokio::test]
async fn h3_disowns_a_running_request_unless_one_more_is_allowed() {
    for (allowed, expected) in [(0, 0), (1, 4)] {
        let (raw, server) = Raw::connect().await;
        let _streams = raw.send(&post(&[])).await;
        let (mut server, _, stream) = accept::<Ours>(server).await;
        assert_eq!(stream.id().into_inner(), 0);
        server.shutdown(allowed).await.expect("a GOAWAY");
        assert_eq!(announced(control_of(&raw.connection).await).await, expected);
    }
}

#[tokio::test]
async fn plain_h3_accepts_the_stream_that_its_goaway_excludes() {
    let (raw, server) = Raw::connect().await;
    let _first = raw.send(&post(&[])).await;
    let (mut server, _, _stream) = accept::<Plain>(server).await;
    server.shutdown(1).await.expect("a GOAWAY");
    assert_eq!(announced(control_of(&raw.connection).await).await, 4);
    let (send, _recv) = raw.send(&post(&[])).await;
    assert_eq!(u64::from(send.id()), 4);
    let accepted = server.accept().await.expect("no error").expect("a request");
    assert_eq!(accepted.frame_stream.id().into_inner(), 4);
}

#[tokio::test]
async fn streams_that_a_goaway_excludes_are_rejected() {
    let (raw, server) = Raw::connect().await;
    let (_send, mut first) = raw.request(&post(&[])).await;
    let (connection, streams) = Connection::new(server, Bounds::default());
    let mut server = h3::server::builder().send_grease(false).build(connection).await.expect("settings");
    let resolver = server.accept().await.expect("no error").expect("a request");
    let (_, mut stream) = resolver.resolve_request().await.expect("a header section");
    streams.reject_new();
    server.shutdown(1).await.expect("a GOAWAY");
    assert_eq!(announced(control_of(&raw.connection).await).await, 4);
    let (send, mut recv) = raw.send(&post(&[])).await;
    {
        let mut accepting = pin!(server.accept());
        let rejected = code(Code::H3_REQUEST_REJECTED);
        tokio::select! {
            _ = &mut accepting => panic!("it is accepted"),
            reset = recv.received_reset() => assert_eq!(reset, Ok(Some(rejected))),
        }
        assert_eq!(send.stopped().await, Ok(Some(rejected)));
        assert!(poll!(accepting).is_pending());
    }
    // The one before is served.
    stream.send_response(Response::new(())).await.expect("a response");
    stream.finish().await.expect("an end");
    first.read_to_end(1000).await.expect("a clean end");
}

/// h3 waits for a client that says goodbye as well, so those who shut down must count the streams themselves.
#[tokio::test]
async fn h3_accepts_for_ever_after_its_own_goaway() {
    let (raw, server) = Raw::connect().await;
    let (_send, mut recv) = raw.request(&post(&[])).await;
    let (mut server, _, mut stream) = accept::<Plain>(server).await;
    server.shutdown(1).await.expect("a GOAWAY");
    stream.send_response(Response::new(())).await.expect("a response");
    stream.finish().await.expect("an end");
    drop(stream);
    let mut accepting = pin!(server.accept());
    assert!(poll!(&mut accepting).is_pending());
    recv.read_to_end(1000).await.expect("a clean end");
    assert!(poll!(accepting).is_pending(), "there are no streams any more");
}

/// A server that has served one request of a client that has sent `GOAWAY` before it.
async fn served_after_goaway<A: Adapter>() -> (Raw, Server<A>) {
    let before = [control(&[]), frame(GOAWAY, &[0])].concat();
    let (raw, server) = Raw::with(TransportConfig::default(), &before).await;
    let (_send, mut recv) = raw.request(&post(&[])).await;
    let (server, _, mut stream) = accept::<A>(server).await;
    assert_eq!(stream.id().into_inner(), 0);
    stream.send_response(Response::new(())).await.expect("a response");
    stream.finish().await.expect("an end");
    drop(stream);
    recv.read_to_end(1000).await.expect("a clean end");
    (raw, server)
}

#[tokio::test]
async fn plain_h3_disowns_the_request_that_it_has_served_for_a_client_that_sends_goaway() {
    let (raw, mut server) = served_after_goaway::<Plain>().await;
    assert!(matches!(server.accept().await, Ok(None)));
    assert_eq!(announced(control_of(&raw.connection).await).await, 0);
}

#[tokio::test]
async fn goaway_of_a_client_disowns_no_request() {
    let (raw, mut server) = served_after_goaway::<Ours>().await;
    {
        let mut accepting = pin!(server.accept());
        assert!(poll!(&mut accepting).is_pending());
        let _second = raw.request(&post(&[])).await;
        let accepted = accepting.await.expect("no error").expect("a request");
        assert_eq!(accepted.frame_stream.id().into_inner(), 4);
    }
    server.shutdown(1).await.expect("a GOAWAY");
    assert_eq!(announced(control_of(&raw.connection).await).await, 8, "the first one");
}

#[tokio::test]
async fn malformed_or_early_goaway_of_a_client_ends_the_connection() {
    let goaway = |payload: &[u8]| frame(GOAWAY, payload);
    for (stream, expected) in [
        ([control(&[]), goaway(&[0, 0])].concat(), Code::H3_FRAME_ERROR),
        ([control(&[]), goaway(&[0]), goaway(&[1])].concat(), Code::H3_ID_ERROR),
        ([varint(CONTROL), goaway(&[0])].concat(), Code::H3_MISSING_SETTINGS),
    ] {
        let (raw, server) = Raw::with(TransportConfig::default(), &stream).await;
        let mut server = serve::<Ours>(server).await;
        assert!(server.accept().await.is_err(), "{stream:x?}");
        assert_closed(&raw, expected).await;
    }
}

/// What a client gets of a response, if the server's connection is dropped after the end of the response.
async fn response_before_a_drop<A: Adapter>() -> Result<Vec<u8>, ReadToEndError> {
    let (raw, server) = Raw::connect().await;
    let (_send, mut recv) = raw.request(&post(&[])).await;
    let (server, _, mut stream) = accept::<A>(server).await;
    stream.send_response(Response::new(())).await.expect("a response");
    stream.send_data(Bytes::from(vec![b'a'; 100_000])).await.expect("content");
    stream.finish().await.expect("an end");
    drop(server);
    recv.read_to_end(200_000).await
}

/// It does so on any adapter.
#[tokio::test]
async fn h3_cuts_responses_if_its_connection_is_dropped() {
    for response in [response_before_a_drop::<Plain>().await, response_before_a_drop::<Ours>().await] {
        let is_lost = |error: &_| matches!(error, ReadToEndError::Read(ReadError::ConnectionLost(_)));
        assert!(response.as_ref().is_err_and(is_lost), "{response:?}");
    }
}

#[tokio::test]
async fn response_is_whole_if_its_acknowledgement_is_awaited() {
    let (raw, server) = Raw::connect().await;
    let (_send, mut recv) = raw.request(&post(&[])).await;
    let (server, mut stream, control) = serve_one(server).await;
    stream.send_response(Response::new(())).await.expect("a response");
    stream.send_data(Bytes::from(vec![b'a'; 100_000])).await.expect("content");
    stream.finish().await.expect("an end");
    assert_eq!(control.stopped().await, Stopped::Acknowledged);
    drop(server);
    let response = recv.read_to_end(200_000).await.expect("a clean end");
    assert!(response.ends_with(&[b'a'; 1000]));
}

#[tokio::test]
async fn trailers_over_the_limit_of_the_peer_are_not_sent() {
    let limit = control(&[(MAX_FIELD_SECTION_SIZE, 60)]);
    let (raw, server) = Raw::with(TransportConfig::default(), &limit).await;
    let _streams = raw.send(&post(&[])).await;
    let mut server = serve::<Ours>(server).await;
    let resolver = server.accept().await.expect("no error").expect("a request");
    let (_, mut stream) = resolver.resolve_request().await.expect("a header section");
    stream.send_response(Response::new(())).await.expect("a response");
    let trailers =
        http::HeaderMap::from_iter([(http::header::ETAG, "a".repeat(30).parse().expect("a value"))]);
    let sent = stream.send_trailers(trailers).await;
    let expected = h3::error::StreamError::HeaderTooBig { actual_size: 66, max_size: 60 };
    assert_eq!(sent.expect_err("too large").to_string(), expected.to_string());
}

//! `STOP_SENDING` in both directions.

use crate::support::{Adapter, Ours, Plain, Raw, accept, code, post, serve_one};
use axum_trailers_quic::{
    Bounds, Connection, Stopped,
    h3::{self, error::Code},
};
use axum_trailers_testing::http3::data;
use bytes::Bytes;
use futures_util::poll;
use http::Response;
use std::pin::pin;

/// A server that stops a request while it waits for more of it.
async fn stop_while_reading<A: Adapter>() -> quinn::VarInt {
    let (raw, server) = Raw::connect().await;
    let (send, _recv) = raw.send(&post(&[])).await;
    let (_server, _, mut stream) = accept::<A>(server).await;
    {
        let reading = pin!(stream.recv_data());
        assert!(poll!(reading).is_pending());
    }
    stream.stop_sending(Code::H3_NO_ERROR);
    assert_eq!(u64::from(send.id()), stream.id().into_inner());
    send.stopped().await.expect("no error").expect("a code")
}

#[tokio::test]
async fn plain_h3_panics_if_a_stream_is_stopped_while_it_is_read() {
    let stopped = tokio::spawn(stop_while_reading::<Plain>()).await;
    assert!(stopped.expect_err("a panic").is_panic());
}

#[tokio::test]
async fn stream_can_be_stopped_while_it_is_read() {
    assert_eq!(stop_while_reading::<Ours>().await, code(Code::H3_NO_ERROR));
}

/// With plain h3 there is nothing to wait for: a write fails, if there is one.
#[tokio::test]
async fn plain_h3_hears_of_a_stop_only_when_it_writes() {
    let (raw, server) = Raw::connect().await;
    let (_send, mut recv) = raw.send(&post(&[])).await;
    let (_server, _, mut stream) = accept::<Plain>(server).await;
    recv.stop(code(Code::H3_REQUEST_CANCELLED)).expect("it is open");
    // The content arrives after the stop, and the stream still looks alive.
    let _second = raw.request(&post(&[])).await;
    let (mut sent, mut last) = (0, Ok(()));
    while last.is_ok() && sent < 100 {
        last = stream.send_data(Bytes::from_static(b"?")).await;
        sent += 1;
        tokio::task::yield_now().await;
    }
    let is_stopped = |error: &_| matches!(error, h3::error::StreamError::RemoteTerminate { .. });
    assert!(last.as_ref().is_err_and(is_stopped), "{last:?}");
}

#[tokio::test]
async fn stop_is_heard_while_nothing_is_written() {
    let (raw, server) = Raw::connect().await;
    let (_send, mut recv) = raw.send(&post(&[])).await;
    let (_server, _stream, control) = serve_one(server).await;
    let mut stopped = pin!(control.stopped());
    assert!(poll!(&mut stopped).is_pending());
    recv.stop(code(Code::H3_REQUEST_CANCELLED)).expect("it is open");
    let expected = Stopped::Stopped { code: Code::H3_REQUEST_CANCELLED.value() };
    assert_eq!((&mut stopped).await, expected);
    assert_eq!(stopped.await, expected, "again");
    assert_eq!(control.stopped().await, expected, "also later");
}

#[tokio::test]
async fn end_of_the_sending_side_is_known() {
    let (raw, server) = Raw::connect().await;
    let (_send, mut recv) = raw.send(&post(&[])).await;
    let (_server, mut stream, control) = serve_one(server).await;
    let stopped = tokio::spawn(control.stopped());
    stream.send_response(Response::new(())).await.expect("a response");
    stream.finish().await.expect("an end");
    recv.read_to_end(1000).await.expect("a clean end");
    assert_eq!(stopped.await.expect("no panic"), Stopped::Acknowledged);

    let (raw, server) = Raw::connect().await;
    let (_send, mut recv) = raw.send(&post(&[])).await;
    let (_server, _stream, control) = serve_one(server).await;
    let stopped = tokio::spawn(control.stopped());
    control.reset(Code::H3_INTERNAL_ERROR);
    assert_eq!(stopped.await.expect("no panic"), Stopped::Reset);
    assert_eq!(control.stopped().await, Stopped::Reset, "also later");
    assert_eq!(recv.received_reset().await, Ok(Some(code(Code::H3_INTERNAL_ERROR))));

    let (raw, server) = Raw::connect().await;
    let _streams = raw.send(&post(&[])).await;
    let (_server, _stream, control) = serve_one(server).await;
    let stopped = tokio::spawn(control.stopped());
    raw.connection.close(code(Code::H3_NO_ERROR), b"");
    assert_eq!(stopped.await.expect("no panic"), Stopped::Lost);
}

#[tokio::test]
async fn end_of_a_request_without_content_is_known_with_its_header_section() {
    for (rest, ends) in [(vec![], true), (vec![], false), (data(b"hello"), true)] {
        let (raw, server) = Raw::connect().await;
        let (mut send, _recv) = raw.connection.open_bi().await.expect("a stream");
        // In one packet.
        send.write_all(&[post(&[]), rest.clone()].concat()).await.expect("it is open");
        if ends {
            send.finish().expect("it is open");
        }
        let (_server, mut stream, control) = serve_one(server).await;
        assert_eq!(control.has_ended(), ends && rest.is_empty());
        if !rest.is_empty() {
            assert!(stream.recv_data().await.expect("no error").is_some());
            assert!(control.has_ended(), "nothing follows the content");
        }
    }
}

/// quinn keeps an entry for each, so somebody must count.
#[tokio::test]
async fn streams_that_are_reset_while_their_end_is_awaited_are_counted() {
    let (raw, server) = Raw::connect().await;
    let (connection, streams) = Connection::new(server, Bounds::default());
    let mut server = h3::server::builder().send_grease(false).build(connection).await.expect("settings");
    for (is_awaited, is_stopped, expected) in
        [(false, false, 0), (true, false, 1), (true, true, 1), (true, false, 2)]
    {
        let (_send, mut recv) = raw.request(&post(&[])).await;
        let resolver = server.accept().await.expect("no error").expect("a request");
        let control = streams.take(resolver.frame_stream.id()).expect("a stream");
        let mut stopped = pin!(control.stopped());
        if is_awaited {
            assert!(poll!(&mut stopped).is_pending());
        }
        if is_stopped {
            recv.stop(code(Code::H3_REQUEST_CANCELLED)).expect("it is open");
            stopped.await;
        }
        control.reset(Code::H3_INTERNAL_ERROR);
        assert_eq!(streams.kept(), expected);
    }
}

use super::{helpers::read_as_server, prelude::*};
use crate::{
    body::{CHUNK_OVERHEAD, Chunks, FinishError, ProducerError, SendError, Sender, StreamBody, channel},
    trailers::{Declared, ForbiddenReason, TrailerError, Trailers, server::FailureMark},
};
use axum_trailers_testing::fields as read_fields;
use bytes::Bytes;
use futures_util::FutureExt;
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::Relaxed},
};

type End = fn(Sender, HeaderMap) -> Result<(), FinishError>;

const CAPACITY: usize = 1024;
const CHUNK: usize = CAPACITY / 4 - CHUNK_OVERHEAD;

fn undeclared() -> (Sender, StreamBody<Chunks>) {
    channel(CAPACITY, Declared::none())
}

#[tokio::test]
async fn finished_body_ends_with_its_trailers() {
    let (mut sender, body) = channel(CAPACITY, Declared::new(["x-row-count"]).expect("permitted"));
    sender.send("a").await.expect("room");
    sender.send("b").await.expect("room");
    let mut trailers = Trailers::new();
    trailers.insert("x-row-count", 2).expect("permitted");
    sender.finish(trailers).expect("as declared");

    let (chunks, trailers) = read_all(body).await;
    assert_eq!(chunks, [Ok(Bytes::from("a")), Ok(Bytes::from("b"))]);
    assert_eq!(trailers.expect("trailers")["x-row-count"], HeaderValue::from(2));
}

#[tokio::test]
async fn dropped_sender_is_an_error_for_the_reader() {
    let (mut sender, body) = undeclared();
    sender.send("a").await.expect("room");
    drop(sender);
    let (chunks, trailers) = read_all(body).await;
    assert_eq!(chunks[0], Ok(Bytes::from("a")));
    assert!(chunks[1].as_ref().is_err_and(|error| error.contains("the producer stopped")), "{chunks:?}");
    assert_eq!(chunks.len(), 2, "an error is the last thing a body says");
    assert!(trailers.is_none());
}

#[tokio::test]
async fn producer_that_panics_is_an_error_for_the_reader() {
    let (mut sender, body) = undeclared();
    let producer = tokio::spawn(async move {
        sender.send("a").await.expect("room");
        panic!("on purpose");
    });
    assert!(producer.await.expect_err("panicked").is_panic());
    assert!(read_all(body).await.0[1].is_err());
}

#[tokio::test]
async fn refused_ending_is_a_failure_with_its_reason() {
    let declared = || Declared::new(["x-rows"]).expect("permitted");
    let name = |name| http::HeaderName::from_static(name);
    let reason = ForbiddenReason::MessageFraming;
    let forbidden = TrailerError::Forbidden { name: name("content-length"), reason };
    let undeclared = FinishError::Undeclared { name: name("x-extra") };
    let whole = [("x-rows", "1")];
    let extra = [("x-rows", "1"), ("x-extra", "1")];
    let finish: End = |sender, trailers| sender.finish(trailers);
    let fail: End = |sender, trailers| sender.fail_with_trailers(trailers);
    let cases: [(&str, End, &[_], Option<FinishError>); 8] = [
        ("finish as declared", finish, &whole, None),
        ("finish undeclared", finish, &extra, Some(undeclared.clone())),
        ("finish missing", finish, &[], Some(FinishError::Missing { name: name("x-rows") })),
        ("finish forbidden", finish, &[("content-length", "1")], Some(forbidden.clone().into())),
        ("fail as declared", fail, &whole, None),
        ("fail undeclared", fail, &extra, Some(undeclared)),
        ("fail forbidden", fail, &[("content-length", "1")], Some(forbidden.into())),
        ("fail without a word", fail, &[], Some(FinishError::SaysNothing)),
    ];
    for (case, end, trailers, refused) in cases {
        let (mut sender, body) = channel(CAPACITY, declared());
        sender.send("a").await.expect("room");
        assert_eq!(end(sender, fields(trailers)).err(), refused, "{case}");

        let read = read_as_server(body.into_response());
        assert_eq!(read.content, "a", "{case}");
        assert_eq!(read.trailers.is_some(), refused.is_none(), "{case}");
        let error = read.error.map(|error| error.source().expect("a producer's").to_string());
        let expected = refused.map(|_| "the producer's trailers were rejected".to_owned());
        assert_eq!(error, expected, "{case}");
    }
}

#[tokio::test]
async fn failure_is_reported_by_an_error_with_its_reason() {
    let (mut sender, body) = undeclared();
    sender.send("a").await.expect("room");
    sender.fail("database connection lost");
    let read = read_by_contract(body);
    assert_eq!((&*read.content, read.trailers), ("a", None));
    let error = read.error.expect("an error");
    assert!(matches!(error.downcast_ref(), Some(ProducerError::Failed(_))), "{error:?}");
    assert_eq!(error.source().expect("a reason").to_string(), "database connection lost");
}

#[tokio::test]
async fn failure_is_reported_by_trailers_and_marked() {
    let declared = Declared::new(["x-rows", "grpc-status"]).expect("permitted");
    for failing in [true, false] {
        let (sender, body) = channel(CAPACITY, declared.clone());
        let response = body.into_response();
        let mark = response.extensions().get::<FailureMark>().expect("a mark").clone();
        assert!(!mark.is_set());
        let reported = [("grpc-status", "13")];
        let ended = if failing {
            sender.fail_with_trailers(fields(&reported))
        } else {
            sender.finish(fields(&[("grpc-status", "0"), ("x-rows", "1")]))
        };
        ended.expect("as declared");
        assert_eq!(mark.is_set(), failing);
        let read = read_as_server(response);
        assert!(read.error.is_none());
        assert_eq!(
            read.trailers == Some(read_fields(&reported)),
            failing,
            "what was declared may be missing"
        );
    }
}

#[tokio::test]
async fn failure_is_an_error_with_the_trailers_if_no_server_watches() {
    for (ending, failing) in [("13", true), ("0", false)] {
        let (mut sender, body) = channel(CAPACITY, Declared::new(["grpc-status"]).expect("permitted"));
        sender.send("a").await.expect("room");
        let sent = [("grpc-status", ending)];
        let ended =
            if failing { sender.fail_with_trailers(fields(&sent)) } else { sender.finish(fields(&sent)) };
        ended.expect("as declared");
        let read = read_by_contract(body);
        let trailers = read_fields(&sent);
        assert_eq!(read.content, "a");
        let Some(error) = read.error else {
            assert_eq!((read.trailers, failing), (Some(trailers), false));
            continue;
        };
        assert_eq!((read.trailers, failing), (None, true));
        let Some(ProducerError::FailedWithTrailers(reported)) = error.downcast_ref() else {
            panic!("{error:?}")
        };
        assert_eq!(reported.as_map(), &trailers);
    }
}

#[tokio::test]
async fn send_waits_for_room_in_bytes() {
    let (mut sender, mut body) = undeclared();
    for _ in 0..4 {
        sender.send(vec![0; CHUNK]).await.expect("room");
    }
    assert!(sender.send("x").now_or_never().is_none(), "the capacity is used up");
    next_chunk(&mut body).await.expect("no error");
    sender.send("x").now_or_never().expect("a chunk's room is free").expect("a reader");
}

#[tokio::test]
async fn tiny_chunks_do_not_exceed_the_capacity() {
    let (mut sender, _body) = undeclared();
    let mut sent = 0;
    while let Some(result) = sender.send("x").now_or_never() {
        result.expect("a reader");
        sent += 1;
    }
    assert_eq!(sent, CAPACITY / (1 + CHUNK_OVERHEAD));
}

#[tokio::test]
async fn chunk_larger_than_the_capacity_goes_alone() {
    let (mut sender, mut body) = undeclared();
    sender.send("x").await.expect("room");
    assert!(sender.send(vec![0; 2 * CAPACITY]).now_or_never().is_none());
    next_chunk(&mut body).await.expect("no error");
    sender.send(vec![0; 2 * CAPACITY]).await.expect("an empty channel");
    assert_eq!(next_chunk(&mut body).await.expect("no error").len(), 2 * CAPACITY);
}

#[tokio::test]
async fn waiting_send_ends_when_the_reader_goes() {
    let (mut sender, body) = undeclared();
    sender.send(vec![0; CAPACITY]).await.expect("room");
    let (result, ()) = tokio::join!(sender.send("kept"), async { drop(body) });
    assert_eq!(result, Err(SendError(Bytes::from("kept"))));
    assert!(sender.is_closed());
    sender.closed().await;
    assert_eq!(sender.send("").await, Err(SendError(Bytes::new())));
    assert_eq!(sender.finish(Trailers::new()), Err(FinishError::ReaderGone));
}

#[tokio::test]
async fn cancelled_send_leaves_the_sender_usable() {
    let (mut sender, mut body) = undeclared();
    sender.send(vec![0; CAPACITY]).await.expect("room");
    assert!(sender.send("lost").now_or_never().is_none());
    next_chunk(&mut body).await.expect("no error");
    sender.send("kept").await.expect("room");
    sender.finish(Trailers::new()).expect("nothing declared");
    assert_eq!(read_all(body).await.0, [Ok(Bytes::from("kept"))]);
}

/// Neither side ever waits for the other, yet a task beside them runs.
#[tokio::test]
async fn both_sides_let_other_tasks_run() {
    const MANY: usize = 1000;
    let beside = || {
        let ran = Arc::new(AtomicBool::new(false));
        tokio::spawn({
            let ran = ran.clone();
            async move { ran.store(true, Relaxed) }
        });
        ran
    };
    let (mut sender, mut body) = channel(MANY * (1 + CHUNK_OVERHEAD), Declared::none());
    let ran = beside();
    for _ in 0..MANY {
        sender.send("x").await.expect("room");
    }
    assert!(ran.load(Relaxed), "beside the producer");
    let ran = beside();
    for _ in 0..MANY {
        next_chunk(&mut body).await.expect("no error");
    }
    assert!(ran.load(Relaxed), "beside the reader");
}

#[tokio::test]
async fn empty_chunks_are_not_sent() {
    let (mut sender, body) = undeclared();
    for _ in 0..10 * CAPACITY {
        sender.send("").now_or_never().expect("takes no room").expect("a reader");
    }
    sender.finish(Trailers::new()).expect("nothing declared");
    assert!(read_all(body).await.0.is_empty());
}

#[test]
fn type_facts() {
    fn send_and_sync<T: Send + Sync + Unpin + 'static>() {}
    send_and_sync::<Sender>();
    send_and_sync::<StreamBody<Chunks>>();
    send_and_sync::<SendError>();
}

use super::{helpers::read_as_server, prelude::*};
use crate::{
    body::{StreamBody, TrailersPolledEarly, channel},
    trailers::{Declared, Trailers},
};
use axum_trailers_testing::{
    Step::{Data, Error as Fail, Pending},
    fields as read_fields, scripted,
};
use std::{
    pin::pin,
    task::{Context, Poll, Waker},
};

const FOO: [(&str, &str); 1] = [("chunky-trailer", "foo")];

fn foo() -> HeaderMap {
    fields(&FOO)
}

#[test]
fn keeps_the_contract_of_http_body() {
    let mut body = StreamBody::new(scripted([Pending, Data("a"), Data(""), Pending, Data("b")]));
    body.set_trailers(foo()).expect("permitted");
    let read = read_by_contract(body);
    assert_eq!((&*read.content, read.pending, read.trailers), ("ab", 2, Some(read_fields(&FOO))));
}

#[test]
fn nothing_follows_an_error() {
    let mut body = StreamBody::new(scripted([Data("a"), Fail, Data("never")]));
    body.set_trailers(foo()).expect("permitted");
    let read = read_by_contract(body);
    assert_eq!((&*read.content, read.trailers), ("a", None), "no trailer of a failed body");
    assert!(read.error.is_some());
}

#[test]
fn trailers_polled_early_are_an_error_and_not_lost() {
    let mut body = StreamBody::new(scripted([Data("a")]));
    body.set_trailers(foo()).expect("permitted");
    let mut body = pin!(body);
    let cx = &mut Context::from_waker(Waker::noop());

    let early = poll_trailers(body.as_mut(), cx);
    assert!(matches!(early, Poll::Ready(Err(error)) if error.is::<TrailersPolledEarly>()));
    while let Poll::Ready(Some(_)) = poll_data(body.as_mut(), cx) {}
    assert!(matches!(poll_trailers(body.as_mut(), cx), Poll::Ready(Ok(Some(_)))));
}

#[test]
fn forbidden_trailers_are_refused_and_the_old_ones_kept() {
    let mut body = StreamBody::new(scripted([]));
    body.set_trailers(foo()).expect("permitted");
    let mut forbidden = HeaderMap::new();
    forbidden.insert(header::CONTENT_LENGTH, HeaderValue::from(1));
    let error = body.set_trailers(forbidden).expect_err("forbidden");
    assert!(error.to_string().contains("content-length"), "{error}");
    assert_eq!(body.into_response().headers()[header::TRAILER], "chunky-trailer");
}

#[test]
fn response_without_trailers_announces_none() {
    let response = StreamBody::new(scripted([Data("a")])).into_response();
    assert!(response.headers().is_empty());
}

#[tokio::test]
async fn trailers_of_channel_and_body_make_one_section() {
    let (sender, mut body) = channel(64, Declared::new(["x-rows"]).expect("permitted"));
    body.set_trailers(foo()).expect("permitted");
    let mut trailers = Trailers::new();
    trailers.insert("x-rows", 1).expect("permitted");
    sender.finish(trailers).expect("as declared");

    let response = body.into_response();
    assert_eq!(response.headers()[header::TRAILER], "x-rows, chunky-trailer");
    let (chunks, trailers) = read_all(response.into_body()).await;
    assert!(chunks.is_empty());
    assert_eq!(trailers.expect("trailers").len(), 2);
}

#[tokio::test]
async fn trailers_of_the_body_are_left_out_if_its_producer_fails() {
    for failing in [true, false] {
        let (sender, mut body) = channel(64, Declared::new(["x-state"]).expect("permitted"));
        body.set_trailers(foo()).expect("permitted");
        let mut trailers = Trailers::new();
        trailers.insert("x-state", "1").expect("permitted");
        let ended = if failing { sender.fail_with_trailers(trailers) } else { sender.finish(trailers) };
        ended.expect("as declared");
        let trailers = read_as_server(body.into_response()).trailers.expect("trailers");
        assert!(trailers.contains_key("x-state"));
        assert_eq!(trailers.contains_key("chunky-trailer"), !failing);
    }
}

#[test]
fn type_facts() {
    fn send_and_sync<T: Send + Sync + 'static>(_: T) {}
    send_and_sync(StreamBody::new(scripted([])));
    // The stream itself need not be `Sync`.
    let once = futures_util::stream::once(async { Ok::<_, std::io::Error>(std::cell::Cell::new(1).take()) });
    send_and_sync(StreamBody::new(futures_util::TryStreamExt::map_ok(once, |n| vec![n])));
}

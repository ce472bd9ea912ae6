//! If an HTTP/1.1 response is sent before its request was read, it announces whether the connection stays open (RFC
//! 9112 §9.6). Over HTTP/2 and HTTP/3 the stream ends alone: `unread_requests.rs` has what follows for its request.

use super::prelude::{Plain, RawBody, ReadContent, Router, StatusCode, get, post};
use crate::support::{TestServer, raw, soon};
use bytes::Bytes;
use std::{convert::Infallible, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::mpsc,
    time::sleep,
};
use tokio_stream::wrappers::UnboundedReceiverStream;

/// Each handler reports how much it has read when it drops the content.
fn app(read: &mpsc::UnboundedSender<usize>) -> Router {
    let all_read = read.clone();
    // Responds, and continues to read.
    let beside = |all: bool| {
        let read = read.clone();
        post(move |RawBody(mut body): RawBody| async move {
            let (sender, receiver) = mpsc::unbounded_channel::<Result<Bytes, Infallible>>();
            tokio::spawn(async move {
                sender.send(Ok(Bytes::from("began\n"))).expect("it is read");
                let mut length = 0;
                while let Some(chunk) = body.data().await {
                    length += chunk.expect("no error").len();
                    if !all && length > 0 {
                        break;
                    }
                }
                drop(body);
                read.send(length).expect("it is waited for");
                sender.send(Ok(Bytes::from("ended\n"))).expect("it is read");
            });
            Plain::new(UnboundedReceiverStream::new(receiver))
        })
    };
    let whole = post(move |RawBody(mut body): RawBody| async move {
        let mut length = 0;
        while let Some(chunk) = body.data().await {
            length += chunk.expect("no error").len();
        }
        all_read.send(length).expect("it is waited for");
        "whole"
    });
    Router::new()
        .route("/unread", post(|| async { "unread" }))
        .route("/late", post(late))
        .route("/no-end", post(all_but_the_end))
        .route("/whole", whole)
        .route("/beside", beside(true))
        .route("/some-beside", beside(false))
        .route("/next", get(|| async { "next" }))
        .route("/early-hints", post(|| async { StatusCode::from_u16(103).expect("a status") }))
}

/// Responds after the content has arrived, without reading it.
async fn late() -> &'static str {
    sleep(Duration::from_millis(500)).await;
    "late"
}

/// Reads all content, but not its end.
async fn all_but_the_end(RawBody(mut body): RawBody) -> &'static str {
    let mut length = 0;
    while length < "hello".len() {
        length += body.data().await.expect("more").expect("no error").len();
    }
    "all"
}

const NEXT: &str = "GET /next HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";

fn post_to(path: &str, fields: &str, content: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nhost: a\r\n{fields}\r\n\r\n{content}")
}

/// The heads and contents of the responses, without the last chunks.
async fn answers(server: &TestServer, requests: &str) -> Vec<String> {
    let wire = raw::http1(server.address, requests).await;
    wire.split("HTTP/1.1 ").skip(1).map(str::to_owned).collect()
}

fn closes(answer: &str) -> bool {
    answer.contains("\r\nconnection: close\r\n")
}

#[tokio::test]
async fn response_before_the_content_announces_that_the_connection_closes() {
    let server = TestServer::start(app(&mpsc::unbounded_channel().0));
    let expect = "content-length: 5\r\nexpect: 100-continue";
    for (path, status, fields, content) in [
        ("/unread", "200", "content-length: 100000", "some"),
        ("/nowhere", "404", "content-length: 100000", ""),
        // The server sends something else instead of this response.
        ("/early-hints", "500", "content-length: 100000", ""),
        ("/next", "405", "transfer-encoding: chunked", "5\r\nhello\r\n"),
        ("/unread", "200", "transfer-encoding: chunked", "0\r\n"),
        ("/unread", "200", expect, ""),
        // More than the server reads to reach the next request, in bytes and in chunks.
        ("/unread", "200", "transfer-encoding: chunked", &("1\r\na\r\n".repeat(2000) + "0\r\n\r\n")),
        ("/unread", "200", "content-length: 1000000", &"a".repeat(1_000_000)),
    ] {
        let answers = answers(&server, &post_to(path, fields, content)).await;
        assert_eq!(answers.len(), 1, "{answers:?}");
        assert!(answers[0].starts_with(status) && closes(&answers[0]), "{answers:?}");
    }
}

#[tokio::test]
async fn refused_trailer_section_closes_if_it_was_not_read_to_its_end() {
    let server = TestServer::start(app(&mpsc::unbounded_channel().0));
    // The first two exceed hyper's limits, the last one exceeds the server's.
    for (section, closed) in [
        (format!("x-a: {}\r\n", "a".repeat(20_000)), true),
        ("x-a: 1\r\n".repeat(150), true),
        ("x-a: 1\r\n".repeat(70), false),
    ] {
        let content = format!("5\r\nhello\r\n0\r\n{section}\r\n");
        let requests = post_to("/whole", "transfer-encoding: chunked", &content) + NEXT;
        let answers = answers(&server, &requests).await;
        assert!(answers[0].starts_with("431"), "{answers:?}");
        assert_eq!((closes(&answers[0]), answers.len()), (closed, if closed { 1 } else { 2 }), "{answers:?}");
    }
}

#[tokio::test]
async fn request_behind_an_unread_one_is_not_taken_for_its_content() {
    let server = TestServer::start(app(&mpsc::unbounded_channel().0));
    // A client that takes the final response as the answer to its expectation, and sends no content.
    let mut client = raw::tls(server.address, "http/1.1").await;
    let request = post_to("/unread", "content-length: 20\r\nexpect: 100-continue", "");
    client.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = [0; 1024];
    let length = soon("an answer", client.read(&mut answer)).await.expect("an answer");
    assert!(closes(&String::from_utf8_lossy(&answer[..length])));
    client.write_all(NEXT.as_bytes()).await.expect("sent");
    let rest = raw::rest(&mut client).await;
    assert!(!rest.contains("HTTP/1.1"), "{rest}");
}

#[tokio::test]
async fn unread_content_that_is_here_is_skipped() {
    let server = TestServer::start(app(&mpsc::unbounded_channel().0));
    for (fields, content) in [
        ("content-length: 5", "hello".to_owned()),
        ("content-length: 50000", "a".repeat(50_000)),
        ("transfer-encoding: chunked", "5\r\nhello\r\n".repeat(100) + "0\r\nx-a: 1\r\n\r\n"),
        ("transfer-encoding: chunked", "0\r\n\r\n".to_owned()),
    ] {
        for path in ["/unread", "/nowhere"] {
            let answers = answers(&server, &(post_to(path, fields, &content) + NEXT)).await;
            let [first, next] = &*answers else { panic!("{path}, {fields}: {answers:?}") };
            assert!(!closes(first), "{first}");
            assert!(next.ends_with("next"), "{next}");
        }
    }
}

#[tokio::test]
async fn content_that_comes_before_the_response_leaves_keeps_the_connection_open() {
    let server = TestServer::start(app(&mpsc::unbounded_channel().0));
    for path in ["/late", "/no-end"] {
        let mut client = raw::tls(server.address, "http/1.1").await;
        client.write_all(post_to(path, "content-length: 5", "").as_bytes()).await.expect("sent");
        sleep(Duration::from_millis(100)).await;
        client.write_all(b"hello").await.expect("sent");
        client.write_all(NEXT.as_bytes()).await.expect("sent");
        let wire = raw::rest(&mut client).await;
        let answers: Vec<_> = wire.split("HTTP/1.1 ").skip(1).collect();
        let [first, next] = &*answers else { panic!("{path}: {wire}") };
        assert!(!closes(first) && next.ends_with("next"), "{path}: {wire}");
    }
}

#[tokio::test]
async fn content_that_was_read_leaves_the_connection_open() {
    let (sender, mut read) = mpsc::unbounded_channel();
    let server = TestServer::start(app(&sender));
    for (fields, content) in [
        ("content-length: 5", "hello"),
        ("content-length: 5\r\nexpect: 100-continue", "hello"),
        ("transfer-encoding: chunked", "5\r\nhello\r\n0\r\n\r\n"),
    ] {
        for path in ["/whole", "/beside"] {
            let answers = answers(&server, &(post_to(path, fields, content) + NEXT)).await;
            let (next, before) = answers.split_last().expect("answers");
            assert!(next.ends_with("next"), "{answers:?}");
            assert!(!before.iter().any(|answer| closes(answer)), "{answers:?}");
            assert_eq!(soon("the content", read.recv()).await, Some(5));
        }
    }
}

#[tokio::test]
async fn content_that_is_dropped_during_its_response_is_read_to_its_end() {
    let (sender, mut read) = mpsc::unbounded_channel();
    let server = TestServer::start(app(&sender));
    let mut client = raw::tls(server.address, "http/1.1").await;
    let request = post_to("/some-beside", "content-length: 500000", "");
    client.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = [0; 1024];
    let length = soon("a response", client.read(&mut answer)).await.expect("a response");
    assert!(!closes(&String::from_utf8_lossy(&answer[..length])));
    client.write_all(&vec![b'a'; 1000]).await.expect("sent");
    let some = soon("some of it", read.recv()).await.expect("a length");
    assert!((1..500_000).contains(&some), "{some}");
    client.write_all(&vec![b'a'; 499_000]).await.expect("sent");
    client.write_all(NEXT.as_bytes()).await.expect("sent");
    let rest = raw::rest(&mut client).await;
    assert!(rest.contains("ended\n") && rest.ends_with("next"), "{rest}");
}

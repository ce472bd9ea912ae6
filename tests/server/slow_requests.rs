//! A client that sends a request's content too slowly gets 408 or is cut; a client that the server delays does not.

use super::prelude::{RawBody, ReadContent, Router, echo, post};
use crate::support::{PATIENCE, TestServer, raw, soon, with};
use axum_trailers_server::Limits;
use bytes::Bytes;
use std::time::Duration;
use tokio::{
    io::AsyncWriteExt,
    time::{sleep, timeout},
};

/// 1,000 bytes per second over 600 ms, after a grace of 100 ms.
fn limits() -> Limits {
    with!(Limits {
        min_body_rate: 1000,
        min_body_rate_period: Duration::from_millis(600),
        stalled_body: PATIENCE
    })
}

fn app() -> Router {
    Router::new()
        .route("/count", post(count))
        .route("/late", post(late))
        .route("/echo", post(|RawBody(content): RawBody| async { echo(content) }))
}

async fn count(RawBody(mut body): RawBody) -> String {
    let mut bytes = 0;
    while let Some(Ok(chunk)) = body.data().await {
        bytes += chunk.len();
    }
    format!("{bytes} bytes")
}

/// Pauses before each chunk.
async fn late(RawBody(mut body): RawBody) -> String {
    let mut bytes = 0;
    while bytes < 4 {
        sleep(Duration::from_millis(500)).await;
        bytes += body.data().await.expect("more").expect("no error").len();
    }
    format!("{bytes} bytes")
}

const STEP: Duration = Duration::from_millis(50);

/// Sends this many bytes every 50 ms, and returns the response.
async fn http1(server: &TestServer, path: &str, chunk: usize, chunks: usize) -> String {
    let mut client = raw::tls(server.address, "http/1.1").await;
    let length = chunk * chunks;
    let head = format!("POST {path} HTTP/1.1\r\nhost: a\r\ncontent-length: {length}\r\n\r\n");
    client.write_all(head.as_bytes()).await.expect("sent");
    for _ in 0..chunks {
        // The server may already have cut the connection.
        let _sent = client.write_all(&vec![b'x'; chunk]).await;
        let _sent = client.flush().await;
        sleep(STEP).await;
    }
    let end = async {
        let mut wire = String::new();
        while !wire.ends_with(" bytes") && !wire.contains("408") {
            let mut came = [0; 4096];
            match tokio::io::AsyncReadExt::read(&mut client, &mut came).await {
                Ok(0) | Err(_) => break,
                Ok(n) => wire += &String::from_utf8_lossy(&came[..n]),
            }
        }
        wire
    };
    soon("a response", end).await
}

/// The status and content of the response, or the code of the reset.
async fn http2(
    server: &TestServer,
    path: &str,
    chunk: usize,
    chunks: usize,
) -> Result<(u16, String), Option<h2::Reason>> {
    let mut client = raw::http2(server.address).await;
    let request = http::Request::post(format!("https://localhost{path}")).body(()).expect("a request");
    let (response, mut content) = client.send_request(request, false).expect("sent");
    let send = async {
        for n in 1..=chunks {
            if content.send_data(Bytes::from(vec![b'x'; chunk]), n == chunks).is_err() {
                break;
            }
            sleep(STEP).await;
        }
    };
    let read = async {
        let response = soon("a response", response).await.map_err(|error| error.reason())?;
        let status = response.status().as_u16();
        let content = raw::http2_read(&mut response.into_body()).await.map_err(|error| error.reason())?;
        Ok((status, String::from_utf8(content).expect("text")))
    };
    let ((), read) = tokio::join!(send, read);
    read
}

#[tokio::test]
async fn request_that_is_too_slow_is_answered_with_408() {
    let server = TestServer::limited(app(), limits());
    let (wire, (status, detail)) = tokio::join!(http1(&server, "/count", 1, 40), async {
        http2(&server, "/count", 1, 40).await.expect("an answer")
    });
    assert!(wire.starts_with("HTTP/1.1 408 "), "{wire}");
    assert!(wire.contains("\r\nconnection: close\r\n"), "{wire}");
    assert_eq!(status, 408);
    assert!(detail.contains("less than 1000 bytes per second over 0.6 s"), "{detail}");
}

#[tokio::test]
async fn response_that_has_begun_is_broken_off() {
    let server = TestServer::limited(app(), limits());
    let reset = http2(&server, "/echo", 1, 40).await.expect_err("a reset");
    assert_eq!(reset, Some(h2::Reason::INTERNAL_ERROR));
    let mut client = raw::tls(server.address, "http/1.1").await;
    let head = b"POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n";
    client.write_all(head).await.expect("sent");
    let (mut reader, mut writer) = tokio::io::split(client);
    let slowly = async {
        while writer.write_all(b"1\r\nx\r\n").await.is_ok() {
            sleep(STEP).await;
        }
    };
    let mut wire = Vec::new();
    let read = tokio::io::AsyncReadExt::read_to_end(&mut reader, &mut wire);
    let (_end, _stopped) = timeout(PATIENCE, async { tokio::join!(read, timeout(PATIENCE / 2, slowly)) })
        .await
        .expect("the end");
    let wire = String::from_utf8_lossy(&wire);
    assert!(wire.starts_with("HTTP/1.1 200 ") && !wire.contains("\r\n0\r\n"), "{wire}");
}

#[tokio::test]
async fn request_that_is_fast_enough_is_served() {
    let server = TestServer::limited(app(), limits());
    let (wire, http2) = tokio::join!(http1(&server, "/count", 200, 40), http2(&server, "/count", 200, 40));
    assert!(wire.ends_with("8000 bytes"), "{wire}");
    assert_eq!(http2, Ok((200, "8000 bytes".to_owned())));
}

#[tokio::test]
async fn no_rate_is_asked_if_it_is_turned_off() {
    let mut unhurried = limits();
    unhurried.min_body_rate = 0;
    let server = TestServer::limited(app(), unhurried);
    let (wire, http2) = tokio::join!(http1(&server, "/count", 1, 40), http2(&server, "/count", 1, 40));
    assert!(wire.ends_with("40 bytes"), "{wire}");
    assert_eq!(http2, Ok((200, "40 bytes".to_owned())));
}

#[tokio::test]
async fn rate_counts_only_while_the_handler_reads() {
    let server = TestServer::limited(app(), limits());
    let (wire, http2) = tokio::join!(http1(&server, "/late", 1, 4), http2(&server, "/late", 1, 4));
    assert!(wire.ends_with("4 bytes"), "{wire}");
    assert_eq!(http2, Ok((200, "4 bytes".to_owned())));
}

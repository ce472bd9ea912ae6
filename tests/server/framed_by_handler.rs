//! A handler can ask for trailers and lengths that the server otherwise never sends.

use super::prelude::{Extension, IntoResponse, Path, Router, get, route};
use crate::support::{
    TestServer,
    log::Log,
    protocols::{Protocol, over_each_protocol},
    raw, soon,
};
use axum_trailers::{
    body, declared,
    trailers::{
        Trailers,
        server::{FramingOverride, LengthOverride, TrailerOverride},
    },
};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::sleep,
};

/// Ten bytes of content, and a trailer.
fn content() -> impl IntoResponse {
    let (mut sender, body) = body::channel(1024, declared!["x-end"]);
    tokio::spawn(async move {
        sender.send("0123456789").await.expect("a reader");
        let mut trailers = Trailers::new();
        trailers.insert("x-end", 1).expect("a field");
        let _closed = sender.finish(trailers);
    });
    body
}

fn asked(how: &str) -> FramingOverride {
    let usual = FramingOverride::new();
    match how {
        "without_te" => usual.with_trailers(TrailerOverride::WithoutTe),
        "announced_only" => usual.with_trailers(TrailerOverride::AnnouncedOnly),
        "unannounced" => usual.with_trailers(TrailerOverride::Unannounced),
        "exact" => usual.with_length(LengthOverride::Exact),
        "short" => usual.with_length(LengthOverride::Short),
        "announced_exact" => asked("announced_only").with_length(LengthOverride::Exact),
        "impossible" => asked("unannounced").with_length(LengthOverride::Exact),
        _ => usual,
    }
}

fn app() -> Router {
    let handler = |Path((how, length)): Path<(String, String)>| async move {
        (Extension(asked(&how)), [("content-length", length)], content())
    };
    Router::new().route(&route("/{how}/{length}"), get(handler))
}

/// The header section and what follows it.
async fn http1(server: &TestServer, path: &str, fields: &str) -> (String, String) {
    let request = request(path, fields);
    split(&raw::http1(server.address, &request).await)
}

fn request(path: &str, fields: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: a\r\n{fields}connection: close\r\n\r\n")
}

async fn plain_http1(server: &TestServer, path: &str, fields: &str) -> (String, String) {
    let mut client = TcpStream::connect(server.address).await.expect("a connection");
    client.write_all(request(path, fields).as_bytes()).await.expect("sent");
    split(&raw::rest(&mut client).await)
}

fn split(wire: &str) -> (String, String) {
    let (head, rest) = wire.split_once("\r\n\r\n").expect("a header section");
    (format!("{head}\r\n"), rest.to_owned())
}

#[tokio::test]
async fn http1_response_is_framed_as_requested() {
    const TE: &str = "te: trailers\r\n";
    const CHUNK: &str = "A\r\n0123456789\r\n";
    let (trailer, length) = (Some("trailer: x-end"), Some("content-length: 10"));
    let (server, plain) = (TestServer::start(app()), TestServer::plain(app(), |server| server));
    for (path, te, head, without, content) in [
        ("/usual/10", TE, trailer, "content-length", format!("{CHUNK}0\r\nx-end: 1\r\n\r\n")),
        ("/usual/10", "", None, "trailer:", format!("{CHUNK}0\r\n\r\n")),
        ("/without_te/10", "", trailer, "content-length", format!("{CHUNK}0\r\nx-end: 1\r\n\r\n")),
        ("/without_te/10", TE, trailer, "content-length", format!("{CHUNK}0\r\nx-end: 1\r\n\r\n")),
        ("/announced_only/10", TE, trailer, "content-length", format!("{CHUNK}0\r\n\r\n")),
        ("/announced_only/10", "", trailer, "content-length", format!("{CHUNK}0\r\n\r\n")),
        ("/unannounced/10", TE, None, "trailer:", format!("{CHUNK}0\r\nx-end: 1\r\n\r\n")),
        ("/unannounced/10", "", None, "trailer:", format!("{CHUNK}0\r\n\r\n")),
        ("/exact/10", TE, length, "trailer:", "0123456789".to_owned()),
        ("/announced_exact/10", TE, length, "chunked", "0123456789".to_owned()),
        ("/short/20", TE, Some("content-length: 20"), "trailer:", "0123456789".to_owned()),
        ("/short/10", TE, length, "trailer:", "0123456789".to_owned()),
        ("/impossible/10", TE, trailer, "content-length", format!("{CHUNK}0\r\nx-end: 1\r\n\r\n")),
    ] {
        for (fields, rest) in [http1(&server, path, te).await, plain_http1(&plain, path, te).await] {
            assert_eq!(rest, content, "{path} with {te:?}");
            let has_it = head.is_none_or(|field| fields.contains(&format!("{field}\r\n")));
            assert!(has_it && !fields.contains(without), "{path} with {te:?}: {fields}");
        }
    }
}

#[tokio::test]
async fn http1_connection_goes_on_after_trailers_without_te() {
    let server = TestServer::start(app());
    let request = |end| format!("GET /without_te/10 HTTP/1.1\r\nhost: a\r\n{end}\r\n");
    let both = request("") + &request("connection: close\r\n");
    let wire = raw::http1(server.address, &both).await;
    assert_eq!(wire.matches("HTTP/1.1 200 OK\r\n").count(), 2, "{wire}");
    assert_eq!(wire.matches("\r\n0\r\nx-end: 1\r\n\r\n").count(), 2, "{wire}");
}

#[tokio::test]
async fn short_content_ends_with_close_notify() {
    let server = TestServer::start(app());
    let mut client = raw::tls(server.address, "http/1.1").await;
    client.write_all(b"GET /short/20 HTTP/1.1\r\nhost: a\r\n\r\n").await.expect("sent");
    let mut wire = Vec::new();
    soon("the end", client.read_to_end(&mut wire)).await.expect("close_notify");
    assert!(wire.ends_with(b"\r\n\r\n0123456789"));
}

#[tokio::test]
async fn http2_response_is_framed_as_requested() {
    let server = TestServer::start(app());
    let mut client = raw::http2(server.address).await;
    for (path, trailer, length, trailers) in [
        ("/usual/10", true, None, true),
        ("/without_te/10", true, None, true),
        ("/announced_only/10", true, None, false),
        ("/unannounced/10", false, None, true),
        ("/exact/10", true, Some("10"), true),
        ("/impossible/10", false, Some("10"), true),
    ] {
        let request = http::Request::get(format!("https://localhost{path}")).body(()).expect("a request");
        let (response, _) = client.send_request(request, true).expect("sent");
        let (head, mut body) = response.await.expect("a response").into_parts();
        assert_eq!(head.headers.contains_key("trailer"), trailer, "{path}");
        let came = head.headers.get("content-length").map(|length| length.to_str().expect("text"));
        assert_eq!(came, length, "{path}");
        assert_eq!(raw::http2_read(&mut body).await.expect("whole"), b"0123456789", "{path}");
        let section = body.trailers().await.expect("an end");
        assert_eq!(section.is_some_and(|section| section["x-end"] == "1"), trailers, "{path}");
    }
}

/// Content that looks like the last chunk, to a client that stalls before it reads.
#[tokio::test]
async fn last_chunk_is_not_mistaken_however_slow_the_client_is() {
    const PIECE: &[u8] = b"0\r\n\r\n";
    const PIECES: usize = 200_000;
    let long = || async {
        let (mut sender, body) = body::channel(1024, declared!["x-end"]);
        tokio::spawn(async move {
            sender.send(PIECE.repeat(PIECES)).await.expect("a reader");
            sender.send(PIECE).await.expect("a reader");
            let mut trailers = Trailers::new();
            trailers.insert("x-end", 1).expect("a field");
            let _closed = sender.finish(trailers);
        });
        (Extension(asked("without_te")), body)
    };
    let server = TestServer::start(app().route("/long", get(long)));
    let mut client = raw::tls(server.address, "http/1.1").await;
    let both = b"GET /long HTTP/1.1\r\nhost: a\r\n\r\nGET /usual/10 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    client.write_all(both).await.expect("sent");
    // Longer than the server waits for a client that reads.
    sleep(Duration::from_millis(100)).await;
    let wire = raw::rest_bytes(&mut client).await;
    let section = b"\r\n0\r\nx-end: 1\r\n\r\nHTTP/1.1 200 OK\r\n";
    assert_eq!(wire.windows(section.len()).filter(|part| part == section).count(), 1);
    let content = wire.windows(PIECE.len()).filter(|part| *part == PIECE).count();
    assert!(content > PIECES, "{content}");
    assert!(wire.ends_with(b"A\r\n0123456789\r\n0\r\n\r\n"));
}

over_each_protocol! {
    failure_in_trailers_that_are_announced_only_cuts_the_transfer;
}

/// A failure is never hidden: if its trailers must not be sent, the transfer is cut.
async fn failure_in_trailers_that_are_announced_only_cuts_the_transfer(protocol: Protocol) {
    let (log, _guard) = Log::catch();
    let failing = || async {
        let (mut sender, body) = body::channel(1024, declared!["x-end"]);
        tokio::spawn(async move {
            sender.send("0123456789").await.expect("a reader");
            let mut trailers = Trailers::new();
            trailers.insert("x-end", "lost").expect("a field");
            let _closed = sender.fail_with_trailers(trailers);
        });
        (Extension(asked("announced_only")), body)
    };
    let server = TestServer::start(app().route("/failing", get(failing)));
    let client = protocol.client(server.address).await;
    assert_eq!(client.cut_after("0123456789", "/failing").await, protocol.failure());
    let ended = "ended=failed: the trailers that report the failure can't be sent";
    log.line(&["/failing", protocol.name(), ended]).await;
}

/// h2's client rejects such a response, so its frames are read.
#[tokio::test]
async fn http2_content_may_be_shorter_than_its_length() {
    const END_STREAM: u8 = 1;
    let server = TestServer::start(app());
    let mut client = raw::http2_asked(server.address, "/short/20").await;
    let mut wire = Vec::new();
    let is_end = |wire: &[u8]| {
        let frames = raw::http2_stream_frames(wire);
        frames.iter().any(|(stream, kind, flags, _)| *stream == 1 && *kind <= 1 && flags & END_STREAM != 0)
    };
    while !is_end(&wire) {
        let read = soon("more", client.read_buf(&mut wire)).await.expect("no error");
        assert_ne!(read, 0, "the connection goes on");
    }
    let frames = raw::http2_frames(&wire);
    let content: Vec<u8> =
        frames.iter().filter(|(kind, ..)| *kind == 0).flat_map(|(.., payload)| payload.to_vec()).collect();
    assert_eq!(content, b"0123456789");
}

#[tokio::test]
async fn missing_trailers_are_no_failure_and_short_content_is_logged_as_requested() {
    let (log, _guard) = Log::catch();
    let server = TestServer::start(app());
    http1(&server, "/announced_only/10", "te: trailers\r\n").await;
    log.line(&["/announced_only/10", "trailers=none", "ended=complete"]).await;
    http1(&server, "/without_te/10", "").await;
    log.line(&["/without_te/10", "trailers=x-end", "ended=complete"]).await;
    http1(&server, "/short/20", "").await;
    log.line(&["/short/20", "ended=failed: broken by its handler (content shorter than its length)"]).await;
    assert!(!log.text().contains("WARN"), "{}", log.text());
    http1(&server, "/impossible/10", "").await;
    log.line(&["WARN", "a response can't be framed as requested"]).await;
}

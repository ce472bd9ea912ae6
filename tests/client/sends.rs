//! `send` makes any request: its trailers, chunks and pace reach the wire as the options say, over HTTP/2 too, and the
//! response goes to standard output as it comes.

use crate::support::{
    TestServer,
    client::{CACERT, Place, Ran, WIRES, sha256},
    scripted::{Answer, Scripted, Step, http1_requests},
    soon, workbench,
};
use axum_trailers_workbench::export::grpc::v1::exports_server;
use bytes::Bytes;
use http::HeaderMap;
use std::{process::Stdio, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinHandle,
};

fn answer() -> Answer {
    Answer::new("fine\n").sized()
}

async fn send(server: &Scripted, options: &[&str]) -> Ran {
    Place::new().run(&[&["send"], options, &[&server.url("/path")]].concat()).await
}

/// A request as a server has received it over HTTP/2.
#[derive(Debug)]
struct Received {
    head: http::request::Parts,
    pieces: Vec<Bytes>,
    trailers: Option<HeaderMap>,
}

/// Receives one request over HTTP/2 in clear text.
async fn http2_server() -> (String, JoinHandle<Option<Received>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/path", listener.local_addr().expect("its address"));
    let receiving = tokio::spawn(async move {
        let (tcp, _) = listener.accept().await.expect("a connection");
        let mut connection = h2::server::handshake(tcp).await.expect("a handshake");
        let (request, mut respond) = connection.accept().await?.ok()?;
        let driving = tokio::spawn(async move { while connection.accept().await.is_some() {} });
        let (head, mut body) = request.into_parts();
        let mut received = Received { head, pieces: Vec::new(), trailers: None };
        while let Some(data) = body.data().await {
            let data = data.ok()?;
            body.flow_control().release_capacity(data.len()).expect("it was received");
            received.pieces.push(data);
        }
        received.trailers = body.trailers().await.ok()?;
        respond.send_response(http::Response::new(()), true).expect("sent");
        drop(respond);
        driving.await.expect("no panic");
        Some(received)
    });
    (url, receiving)
}

#[tokio::test]
async fn trailers_go_over_http2_as_they_are() {
    for (options, announced, expected) in [
        (
            &["--trailer", "x-one: 1", "--trailer", "x-two: 2"][..],
            Some("x-one, x-two"),
            &[("x-one", "1"), ("x-two", "2")][..],
        ),
        (
            &["--trailer", "x-one: 1", "--trailer", "x-one: 2"],
            Some("x-one"),
            &[("x-one", "1"), ("x-one", "2")],
        ),
        (&["--trailer", "x-one: 1", "--unannounced"], None, &[("x-one", "1")]),
        (
            &["--trailer", "content-length: 9", "--unchecked"],
            Some("content-length"),
            &[("content-length", "9")],
        ),
        (&["--trailer", "host: a", "--unchecked", "--unannounced"], None, &[("host", "a")]),
    ] {
        for data in [&["-d", "hello"][..], &[]] {
            let (url, receiving) = http2_server().await;
            let arguments = [&["send", "--http2-prior-knowledge"], options, data, &[&url]].concat();
            let ran = Place::new().run(&arguments).await;
            assert_eq!(ran.code(), 0, "{options:?}: {ran:?}");
            let received = soon("the request", receiving).await.expect("no panic").expect("a request");
            let names = received.head.headers.get("trailer").map(|value| value.to_str().expect("text"));
            assert_eq!(names, announced, "{received:?}");
            let trailers = received.trailers.as_ref().expect("a section").iter();
            let trailers: Vec<_> =
                trailers.map(|(name, value)| (name.as_str(), value.to_str().expect("text"))).collect();
            assert_eq!(trailers, expected, "{options:?}");
            assert_eq!(received.pieces.concat(), if data.is_empty() { &b""[..] } else { b"hello" });
        }
    }
}

/// HTTP/2 has no such fields at all (RFC 9113 §8.2.2).
#[tokio::test]
async fn trailer_of_a_connection_can_t_be_sent_over_http2() {
    let (url, receiving) = http2_server().await;
    let trailer = ["--trailer", "transfer-encoding: chunked", "--unchecked"];
    let ran = Place::new().run(&[&["send", "--http2-prior-knowledge"], &trailer[..], &[&url]].concat()).await;
    assert_eq!(ran.code(), 11, "{ran:?}");
    assert!(ran.stderr.contains("transfer-encoding") && ran.stderr.contains("HTTP/1.1"), "{ran:?}");
    assert!(soon("the end", receiving).await.expect("no panic").is_none());
}

#[tokio::test]
async fn each_chunk_is_a_data_frame() {
    for (options, sizes) in
        [(&["--chunk", "2"][..], &[2, 2, 1][..]), (&["--chunk", "100"], &[5]), (&[], &[5])]
    {
        for trailer in [&[][..], &["--trailer", "x-one: 1"]] {
            let (url, receiving) = http2_server().await;
            let arguments =
                [&["send", "--http2-prior-knowledge", "-d", "hello"], options, trailer, &[&url]].concat();
            let ran = Place::new().run(&arguments).await;
            assert_eq!(ran.code(), 0, "{options:?}: {ran:?}");
            let received = soon("the request", receiving).await.expect("no panic").expect("a request");
            let frames: Vec<_> = received.pieces.iter().map(Bytes::len).filter(|size| *size > 0).collect();
            assert_eq!(frames, sizes, "{options:?} {trailer:?}");
        }
    }
}

/// A chunk reaches the server before the pause that follows it.
#[tokio::test]
async fn delay_separates_chunks() {
    for (options, arrives, stays) in [
        (&["--chunk", "2", "--delay", "3600000"][..], "2\r\nhe\r\n", "ll"),
        (&["--delay", "3600000", "--trailer", "x-one: 1"], "5\r\nhello\r\n", "x-one: 1"),
    ] {
        let server = Scripted::plain(Step::answer(false, &answer())).await;
        let place = Place::new();
        let url = server.url("/path");
        let command = place.command(&[&["send", "-d", "hello"], options, &[&url]].concat());
        let mut child = tokio::process::Command::from(command).kill_on_drop(true).spawn().expect("started");
        soon(arrives, async {
            while !server.received().iter().any(|received| received.ends_with(arrives)) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
        child.kill().await.expect("killed");
        let content = server.received().concat().split("\r\n\r\n").skip(1).collect::<String>();
        assert!(!content.contains(stays), "{options:?}: {content}");
    }
}

#[tokio::test]
async fn delay_ends() {
    let server = Scripted::plain(Step::answer(false, &answer())).await;
    let ran = send(&server, &["-d", "hello", "--chunk", "3", "--delay", "1", "--trailer", "x-one: 1"]).await;
    assert_eq!(ran.code(), 0, "{ran:?}");
    let received = server.received();
    assert!(received[0].ends_with("\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\nx-one: 1\r\n\r\n"), "{received:?}");
}

/// Standard input goes to the server as it comes, and the response to standard output.
#[tokio::test]
async fn echo_can_be_talked_to() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = TestServer::start(workbench(folder.path()).router());
    for options in [&[][..], &["--http1.1"], &["--http3"]] {
        let place = Place::new();
        let url = server.url("/echo");
        let trailer = ["--trailer", "x-sum: 1", "-v", "--cacert", CACERT, "-d", "@-"];
        let mut command = place.command(&[&["send"], options, &trailer[..], &[&url]].concat());
        command.stdin(Stdio::piped());
        let mut child = tokio::process::Command::from(command).kill_on_drop(true).spawn().expect("started");
        let mut input = child.stdin.take().expect("piped");
        let mut output = child.stdout.take().expect("piped");
        for line in ["one\n", "two\n"] {
            input.write_all(line.as_bytes()).await.expect("written");
            let mut echoed = vec![0; line.len()];
            soon(line, output.read_exact(&mut echoed)).await.expect("echoed");
            assert_eq!(echoed, line.as_bytes(), "{options:?}");
        }
        drop(input);
        let ended = soon("the end", child.wait_with_output()).await.expect("ended");
        let shown = String::from_utf8(ended.stderr).expect("UTF-8");
        assert!(ended.status.success(), "{shown}");
        assert!(
            shown.contains("\n> x-sum: 1\n") && shown.contains("\n< x-echo-x-sum: 1\n"),
            "{options:?}: {shown}"
        );
    }
}

#[tokio::test]
async fn grpc_can_be_called_by_hand() {
    let folder = tempfile::tempdir().expect("a folder");
    let workbench = workbench(folder.path());
    let exports = workbench.grpc();
    let server =
        TestServer::with(workbench.router(), |server| server.grpc(exports_server::SERVICE_NAME, exports));
    let url = server.url("/axum_trailers.v1.Exports/Export");
    let place = Place::new();
    for (message, code, says) in [
        (&b"\0\0\0\0\x0c\x0a\x06orders\x18\x09\x20\x03"[..], 10, "grpc-status 14"),
        (b"\0\0\0\0\x0a\x0a\x06orders\x18\x02", 0, "complete"),
        (b"\0\0\0\0\x05\x0a\x03ord", 10, "grpc-status 5"),
    ] {
        place.write("message", message);
        let fields =
            ["-X", "POST", "-H", "content-type: application/grpc", "-H", "te: trailers", "--cacert", CACERT];
        let ran = place.run(&[&["send"], &fields[..], &["-d", "@message", &url]].concat()).await;
        assert_eq!(ran.code(), code, "{ran:?}");
        assert!(ran.stderr.contains(says), "{ran:?}");
    }
}

#[tokio::test]
async fn content_of_any_status_goes_to_standard_output() {
    for (status, code) in [(200, 0), (404, 5), (503, 5)] {
        for wire in WIRES {
            let server = wire.answering(&answer().status(status)).await;
            let ran = send(&server, &[wire.options(), &["-k"]].concat()).await;
            assert_eq!(
                (ran.code(), &ran.stdout[..]),
                (code, &b"fine\n"[..]),
                "{status} over {wire:?}: {ran:?}"
            );
            assert!(code == 0 || ran.stderr.contains(&status.to_string()), "{ran:?}");
        }
    }
}

#[tokio::test]
async fn response_without_content_is_complete() {
    for (method, status, fields) in [
        ("HEAD", 200, "content-length: 5\r\ncontent-digest: sha-256=:AAAA:\r\n"),
        ("GET", 204, ""),
        ("GET", 304, "content-length: 5\r\n"),
        ("OPTIONS", 200, "allow: GET\r\ncontent-length: 0\r\n"),
    ] {
        let bytes = format!("HTTP/1.1 {status} Status\r\n{fields}\r\n").into_bytes();
        let server = Scripted::plain(vec![Step::Request, Step::Send(bytes)]).await;
        let ran = send(&server, &["-X", method]).await;
        assert_eq!((ran.code(), &ran.stdout[..]), (0, &b""[..]), "{method} {status}: {ran:?}");
    }
}

#[tokio::test]
async fn json_is_the_only_output() {
    let server = Scripted::plain(Step::answer(false, &answer())).await;
    let ran = send(&server, &["--json", "-d", "hello"]).await;
    let report = ran.report();
    assert_eq!((ran.code(), &report["bytes"], &report["bytes_sent"]), (0, &5.into(), &5.into()), "{ran:?}");
    let server = Scripted::plain(Step::answer(false, &answer())).await;
    let report = send(&server, &["--json"]).await.report();
    assert!(report["bytes_sent"].is_null(), "{report}");
}

#[tokio::test]
async fn client_asks_for_trailers_and_digests_unless_fields_are_removed() {
    const NAMES: [&str; 5] =
        ["te", "connection", "want-content-digest", "want-repr-digest", "accept-encoding"];
    for (options, are_sent) in [
        (&[][..], true),
        (
            &["-H", "TE:", "-H", "Want-Content-Digest:", "-H", "Want-Repr-Digest:", "-H", "Accept-Encoding:"],
            false,
        ),
    ] {
        let server = Scripted::plain(Step::answer(false, &answer())).await;
        let ran = send(&server, options).await;
        assert_eq!(ran.code(), 0, "{ran:?}");
        let received = server.received();
        let request = &http1_requests(received[0].as_bytes())[0];
        for name in NAMES {
            assert_eq!(request.field(name).is_some(), are_sent, "{name}: {}", request.head);
        }
    }
}

#[tokio::test]
async fn trailers_follow_a_redirect_with_the_content() {
    for (status, then) in [(307, Some("x-sum")), (303, None)] {
        let redirect = Answer::new("").sized().status(status).field("location", "/other");
        let server = Scripted::plain(Step::answers(false, &[redirect, answer()])).await;
        let ran = send(&server, &["-L", "-d", "hello", "--trailer", "x-sum: 1"]).await;
        assert_eq!(ran.code(), 0, "{ran:?}");
        let received = server.received().concat();
        let requests = http1_requests(received.as_bytes());
        assert_eq!(requests[1].field("trailer"), then, "{received}");
        assert_eq!(requests[1].content.ends_with(b"0\r\nx-sum: 1\r\n\r\n"), then.is_some(), "{received}");
    }
}

#[tokio::test]
async fn request_that_was_not_needed_is_a_note() {
    let place = Place::new();
    place.write("large", &vec![b'a'; 32 * 1024 * 1024]);
    let server = Scripted::plain(vec![Step::Head, Step::Send(answer().http1())]).await;
    let ran = place.run(&["send", "-d", "@large", &server.url("/path")]).await;
    assert_eq!((ran.code(), &ran.stdout[..]), (0, &b"fine\n"[..]), "{ran:?}");
    assert!(ran.stderr.contains("before it had received the whole request"), "{ran:?}");
}

#[tokio::test]
async fn response_is_verified() {
    let right = answer().field("content-digest", sha256(b"fine\n"));
    let server = Scripted::plain(Step::answer(false, &right)).await;
    let ran = send(&server, &[]).await;
    assert!(ran.code() == 0 && ran.stderr.contains("verified: sha-256"), "{ran:?}");
    let wrong = answer().field("content-digest", sha256(b"other"));
    let server = Scripted::plain(Step::answer(false, &wrong)).await;
    assert_eq!(send(&server, &[]).await.code(), 7);
}

//! Without a fault, everything passes the proxy of these tests.

use super::path::{Got, Origins, Path, content, empty, healthy};
use crate::support::{
    faulty_proxy::{FaultyProxy, Setup},
    raw,
    scripted::{Answer, END_STREAM, Frames, Scripted, Security, Step},
    soon,
};
use http_body_util::BodyExt;
use serde_json::json;
use std::{sync::Arc, time::Duration};
use tokio::{io::AsyncWriteExt, sync::Notify};

#[tokio::test]
async fn te_and_trailers_pass() {
    let origins = Origins::start();
    for (what, setup, is_http2) in healthy(&origins) {
        let path = Path::through(setup, is_http2).await;
        let te = path.get("/te").await;
        assert_eq!(te.json()["te"], "trailers", "{what}");
        assert_eq!(te.trailers("x-te"), ["trailers"], "{what}: {te:?}");
        let colors = path.get("/trailers?x-color=blue&x-color=green&x-size=9").await;
        assert_eq!(colors.trailers("x-color"), ["blue", "green"], "{what}: {colors:?}");
        assert_eq!(colors.trailers("x-size"), ["9"], "{what}");
        assert!(colors.fields("trailer").join(",").contains("x-color"), "{what}: {colors:?}");
        let slow = path.get("/bytes/64?chunk=32&delay=10").await;
        assert_eq!((slow.content.len(), slow.trailers("content-digest").len()), (64, 1), "{what}: {slow:?}");
        assert!(!slow.is_cut, "{what}");
    }
}

#[tokio::test]
async fn request_trailers_pass() {
    let origins = Origins::start();
    let trailers = [("x-one", "1"), ("x-one", "2"), ("x-two", "3")];
    for (what, setup, is_http2) in healthy(&origins) {
        let path = Path::through(setup, is_http2).await;
        for expects in [false, true] {
            let mut request = path.request("POST", "/inspect").header("trailer", "x-one, x-two");
            if expects && !is_http2 {
                request = request.header("expect", "100-continue");
            }
            let got = path.send(request, content("hello", &trailers)).await.expect("a response");
            let expected = trailers.map(|(name, value)| json!({ "name": name, "value": value }));
            assert_eq!(got.json()["trailers"], json!(expected), "{what}");
            assert_eq!(got.json()["content"]["length"], 5, "{what}");
            let informed: &[u16] = if expects && !is_http2 { &[100] } else { &[] };
            assert_eq!(got.informational, informed, "{what}");
        }
    }
}

#[tokio::test]
async fn responses_without_content_pass() {
    let origins = Origins::start();
    for (what, setup, is_http2) in healthy(&origins) {
        let path = Path::through(setup, is_http2).await;
        let head = path.send(path.request("HEAD", "/bytes/5"), empty()).await.expect("a response");
        assert_eq!((head.status, head.content.len(), head.is_cut), (200, 0, false), "{what}");
        let file = path.get("/files/Cargo.toml").await;
        let request =
            path.request("GET", "/files/Cargo.toml").header("if-none-match", file.fields("etag")[0]);
        let unchanged = path.send(request, empty()).await.expect("a response");
        assert_eq!((unchanged.status, unchanged.content.len()), (304, 0), "{what}");
    }
}

#[tokio::test]
async fn grpc_passes() {
    let origins = Origins::start();
    for (what, setup, is_http2) in healthy(&origins) {
        if !is_http2 || what.contains("Http1") {
            continue;
        }
        let path = Path::through(setup, is_http2).await;
        for (method, message, status) in [
            ("ListTables", "\0\0\0\0\0", "0"),
            ("Export", "\0\0\0\0\n\n\x06orders \x03", "14"),
            ("Export", "\0\0\0\0\u{6}\n\u{4}none", "5"),
        ] {
            let got = call(&path, method, message).await;
            let status_of =
                |got: &Got| [got.trailers("grpc-status"), got.fields("grpc-status")].concat().join(",");
            assert_eq!(status_of(&got), status, "{what}, {method}: {got:?}");
        }
    }
}

pub(super) async fn call(path: &Path, method: &str, message: &'static str) -> Got {
    let request = path
        .request("POST", &format!("/axum_trailers.v1.Exports/{method}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers");
    path.send(request, content(message, &[])).await.expect("a response")
}

/// A server over TLS that sends the first half of a response, and then follows these steps.
pub(super) async fn half(is_http2: bool, is_sized: bool, then: Vec<Step>) -> Scripted {
    let mut answer = Answer::new(vec![b'a'; 64]);
    if is_sized {
        answer = answer.sized();
    }
    let bytes: Vec<u8> = if is_http2 {
        answer.http2_head(1).data(1, 0, &[b'a'; 32]).into()
    } else {
        let content = answer.http1_content();
        let half = if is_sized { 32 } else { 4 + 32 + 2 };
        [answer.http1_head(), content[..half].to_vec()].concat()
    };
    let script = [Step::respond(is_http2, bytes), then].concat();
    let security = Security::tls(&[if is_http2 { "h2" } else { "http/1.1" }]);
    Scripted::start(security, move |_| script.clone()).await
}

/// A reset of an HTTP/2 stream.
pub(super) fn reset_stream() -> Step {
    const RST_STREAM: u8 = 3;
    Step::Send(raw::http2_frame(RST_STREAM, 0, 1, &2_u32.to_be_bytes()))
}

pub(super) fn end_of_stream() -> Step {
    Step::Send(Frames::new().data(1, END_STREAM, b"").into())
}

#[tokio::test]
async fn broken_responses_stay_broken() {
    for (what, is_http2, is_sized, then) in [
        ("reset of a connection", false, false, Step::Reset),
        ("close", false, false, Step::Close),
        ("end without close_notify", false, false, Step::Abort),
        ("short content", false, true, Step::Close),
        ("reset of a stream", true, false, reset_stream()),
        ("close of HTTP/2", true, false, Step::Close),
        ("short content of a stream", true, true, end_of_stream()),
    ] {
        let origin = half(is_http2, is_sized, vec![then]).await;
        let path = Path::through(Setup::new(origin.address), is_http2).await;
        let got = path.get("/").await;
        assert!(got.is_cut, "{what}: {got:?}");
        assert_eq!(got.text(), "a".repeat(32), "{what}");
    }
}

/// The origin goes on only after the client has the first half.
#[tokio::test]
async fn content_passes_as_it_arrives() {
    for is_http2 in [false, true] {
        let event = Arc::new(Notify::new());
        let origin = half(is_http2, false, vec![Step::Wait(event.clone()), Step::Close]).await;
        let path = Path::through(Setup::new(origin.address), is_http2).await;
        let mut body = path.begin("/").await;
        let first = soon("the first half", body.frame()).await.expect("content").expect("content");
        assert_eq!(first.into_data().expect("content").len(), 32);
        event.notify_one();
        assert!(soon("the end", body.frame()).await.is_some_and(|frame| frame.is_err()));
    }
}

#[tokio::test]
async fn aborted_upload_stays_incomplete() {
    let origin = Scripted::start(Security::tls(&["http/1.1"]), |_| Vec::new()).await;
    let proxy = FaultyProxy::start(Setup::new(origin.address)).await;
    let mut client = raw::tls(proxy.address, "http/1.1").await;
    let upload = "PUT / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n";
    client.write_all(upload.as_bytes()).await.expect("sent");
    client.shutdown().await.expect("shut");
    assert_eq!(raw::rest(&mut client).await, "");
    let upload = soon("the upload", async {
        while !origin.received().concat().contains("hello") {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        origin.received().concat()
    });
    assert!(upload.await.ends_with("5\r\nhello\r\n"));
}

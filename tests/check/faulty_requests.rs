//! What each fault does to requests.

use super::path::{Origins, Path, content, empty};
use crate::support::{
    faulty_proxy::{Fault, FaultyProxy, Setup, Upstream},
    raw,
    scripted::{Answer, Frames, Scripted, Security, Step},
    soon,
};
use serde_json::json;
use std::time::Duration;
use tokio::{io::AsyncWriteExt, time::timeout};

/// For what must not come.
const A_WHILE: Duration = Duration::from_millis(300);

async fn through(origins: &Origins, fault: Fault, is_http2: bool) -> Path {
    Path::through(Setup::new(origins.tls.address).fault(fault), is_http2).await
}

#[tokio::test]
async fn te_is_stripped_added_or_doubled() {
    let origins = Origins::start();
    for (fault, with, without) in [
        (Fault::StripTe, json!(null), json!(null)),
        (Fault::AddTe, json!("trailers"), json!("trailers")),
        (Fault::DoubleTe, json!("trailers, trailers"), json!(null)),
    ] {
        for is_http2 in [false, true] {
            let path = through(&origins, fault, is_http2).await;
            assert_eq!(path.get("/te").await.json()["te"], with, "{fault:?}");
            let got = path.send(path.request("GET", "/te"), empty()).await.expect("a response");
            assert_eq!(got.json()["te"], without, "{fault:?}");
        }
    }
}

const TRAILERS: [(&str, &str); 3] = [("x-one", "1"), ("x-one", "2"), ("x-two", "3")];

#[tokio::test]
async fn request_trailers_are_changed_or_dropped() {
    let origins = Origins::start();
    for (fault, expected) in [
        (Fault::StripRequestTrailers, json!([])),
        (Fault::MergeRequestTrailers, json!([])),
        (
            Fault::JoinRequestTrailers,
            json!([{ "name": "x-one", "value": "1, 2" }, { "name": "x-two", "value": "3" }]),
        ),
    ] {
        for is_http2 in [false, true] {
            let path = through(&origins, fault, is_http2).await;
            let request = path.request("POST", "/inspect").header("trailer", "x-one, x-two");
            let got = path.send(request, content("hello", &TRAILERS)).await.expect("a response").json();
            assert_eq!(got["trailers"], expected, "{fault:?}: {got}");
            assert_eq!(got["content"]["length"], 5, "{fault:?}");
            let merged = got["headers"].to_string().contains(r#""name":"x-one""#);
            assert_eq!(merged, fault == Fault::MergeRequestTrailers, "{fault:?}: {got}");
        }
    }
}

#[tokio::test]
async fn request_trailers_break_requests() {
    let origins = Origins::start();
    for (fault, status) in [
        (Fault::RefuseRequestTrailers, Some(400)),
        (Fault::FailRequestTrailers, Some(502)),
        (Fault::CloseAtRequestTrailers, None),
    ] {
        for is_http2 in [false, true] {
            let path = through(&origins, fault, is_http2).await;
            let request = path.request("POST", "/inspect").header("trailer", "x-one, x-two");
            let got = path.send(request, content("hello", &TRAILERS)).await;
            assert_eq!(got.as_ref().ok().map(|got| got.status), status, "{fault:?}: {got:?}");
            let request = path.request("POST", "/inspect");
            let got = path.send(request, content("hello", &[])).await.expect("a response");
            assert_eq!(got.status, 200, "{fault:?}: without trailers");
        }
    }
}

#[tokio::test]
async fn expectations_are_not_met() {
    let origins = Origins::start();
    for (fault, informational, status) in [
        (Fault::LoseContinue, &[][..], 200),
        (Fault::DoubleContinue, &[100, 100], 200),
        (Fault::RefuseExpect, &[], 417),
    ] {
        let path = through(&origins, fault, false).await;
        let request = path.request("POST", "/inspect").header("expect", "100-continue");
        let got = path.send(request, content("hello", &[])).await.expect("a response");
        assert_eq!((&*got.informational, got.status), (informational, status), "{fault:?}: {got:?}");
    }
    let path = through(&origins, Fault::HangOnExpect, false).await;
    let request = path.request("POST", "/inspect").header("expect", "100-continue");
    assert!(timeout(A_WHILE, path.send(request, content("hello", &[]))).await.is_err());
    let request = path.request("POST", "/inspect");
    assert_eq!(path.send(request, content("hello", &[])).await.expect("a response").status, 200);
}

/// The origin takes the upload for a complete one, and answers it.
#[tokio::test]
async fn aborted_upload_becomes_complete() {
    for is_http2 in [false, true] {
        let answer = Step::answer(false, &Answer::new("stored"));
        let origin = Scripted::start(Security::tls(&["http/1.1"]), move |_| answer.clone()).await;
        let setup = Setup::new(origin.address).upstream(Upstream::Http1).fault(Fault::CompleteCutUpload);
        let proxy = FaultyProxy::start(setup).await;
        if is_http2 {
            let mut client = raw::http2_began(proxy.address, "PUT", "/").await;
            let content = Frames::new().data(1, 0, b"hello");
            let reset = raw::http2_frame(3, 0, 1, &8_u32.to_be_bytes());
            client.write_all(&[content.into(), reset].concat()).await.expect("sent");
            soon("the upload", async {
                while !origin.received().concat().ends_with("hello\r\n0\r\n\r\n") {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            })
            .await;
        } else {
            let mut client = raw::tls(proxy.address, "http/1.1").await;
            let upload = "PUT / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nhello";
            client.write_all(upload.as_bytes()).await.expect("sent");
            client.shutdown().await.expect("shut");
            let response = raw::rest(&mut client).await;
            assert!(response.starts_with("HTTP/1.1 200"), "{response} {:?}", origin.received());
            let received = origin.received().concat();
            assert!(received.contains("content-length: 5\r\n") && received.ends_with("hello"), "{received}");
        }
    }
}

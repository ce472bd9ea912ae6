//! What each fault does to responses.

use super::{
    healthy_proxy::{call, end_of_stream, half, reset_stream},
    path::{Got, Origins, Path, empty},
};
use crate::support::{
    client::Wire,
    faulty_proxy::{Fault, FaultyProxy, Setup, Upstream},
    raw,
    scripted::{Answer, Scripted, Security, Step},
};
use std::time::Duration;
use tokio::time::timeout;

const COLORS: &str = "/trailers?x-color=blue&x-color=green&x-size=9";
const SLOW: &str = "/bytes/64?chunk=32&delay=50";

/// For what must not come.
const A_WHILE: Duration = Duration::from_millis(300);

async fn through(origins: &Origins, fault: Fault, is_http2: bool) -> Path {
    Path::through(Setup::new(origins.tls.address).fault(fault), is_http2).await
}

type Shown = (Vec<String>, Vec<String>, bool);

/// The trailers `x-color` and `x-size`, and whether `Trailer` arrived.
fn shown(got: &Got) -> Shown {
    let owned = |values: Vec<&str>| values.into_iter().map(str::to_owned).collect();
    (owned(got.trailers("x-color")), owned(got.trailers("x-size")), got.fields.contains_key("trailer"))
}

#[tokio::test]
async fn trailers_are_changed_or_dropped() {
    let origins = Origins::start();
    for (fault, colors, sizes, is_announced) in [
        (Fault::DropTrailers, &[][..], &[][..], true),
        (Fault::DropTrailersAndAnnouncement, &[], &[], false),
        (Fault::MergeTrailers, &[], &[], true),
        (Fault::LeakTrailers, &[], &[], true),
        (Fault::DropTrailersOfShort, &[], &[], true),
        (Fault::DropTrailersOfSlow, &["blue", "green"], &["9"], true),
        (Fault::JoinTrailers, &["blue, green"], &["9"], true),
        (Fault::ReorderTrailers, &["green", "blue"], &["9"], true),
        (Fault::DropSecondTrailer, &["blue", "green"], &[], true),
        (Fault::ChangeTrailers, &["zlue", "zreen"], &["z"], true),
        (Fault::DropLongTrailers, &["blue", "green"], &["9"], true),
    ] {
        for is_http2 in [false, true] {
            let got = through(&origins, fault, is_http2).await.get(COLORS).await;
            let expected = (owned(colors), owned(sizes), is_announced);
            assert_eq!(shown(&got), expected, "{fault:?}, HTTP/2: {is_http2}: {got:?}");
            assert!(!got.is_cut, "{fault:?}");
            let merged: &[&str] = if fault == Fault::MergeTrailers { &["blue", "green"] } else { &[] };
            assert_eq!(got.fields("x-color"), merged, "{fault:?}");
            // The origin also sends them as content.
            let lines = got.text().matches("x-color: blue").count();
            assert_eq!(lines, 1 + usize::from(fault == Fault::LeakTrailers), "{fault:?}: {got:?}");
        }
    }
}

fn owned(values: &[&str]) -> Vec<String> {
    values.iter().map(|value| (*value).to_owned()).collect()
}

#[tokio::test]
async fn slow_responses_have_another_fate_than_short_ones() {
    let origins = Origins::start();
    for (fault, short, slow) in [(Fault::DropTrailersOfShort, 0, 1), (Fault::DropTrailersOfSlow, 1, 0)] {
        for is_http2 in [false, true] {
            let path = through(&origins, fault, is_http2).await;
            for (target, expected) in [("/bytes/64", short), (SLOW, slow)] {
                let got = path.get(target).await;
                assert_eq!(got.trailers("content-digest").len(), expected, "{fault:?}, {target}: {got:?}");
            }
        }
    }
}

#[tokio::test]
async fn long_and_unannounced_trailers_are_lost() {
    let long = "a".repeat(8192);
    let answer =
        Answer::new("content").field("trailer", "x-long").trailer("x-long", &long).trailer("x-new", "1");
    for (fault, length, new) in [
        (Fault::TruncateLongTrailers, Some(4096), 1),
        (Fault::DropLongTrailers, None, 1),
        (Fault::DropUnannouncedTrailers, Some(8192), 0),
    ] {
        for is_http2 in [false, true] {
            let wire = Wire { is_http2, is_tls: true };
            let origin = wire.answering(&answer).await;
            let path = Path::through(Setup::new(origin.address).fault(fault), is_http2).await;
            let got = path.get("/").await;
            assert_eq!(got.trailers("x-long").first().map(|value| value.len()), length, "{fault:?}");
            assert_eq!(got.trailers("x-new").len(), new, "{fault:?}");
        }
    }
}

#[tokio::test]
async fn content_is_changed() {
    let origins = Origins::start();
    let setup = Setup::new(origins.tls.address);
    for is_http2 in [false, true] {
        let whole = Path::through(setup.clone(), is_http2).await.get("/bytes/64").await;
        let changed = through(&origins, Fault::ChangeContent, is_http2).await.get("/bytes/64").await;
        assert_eq!(changed.content[0], whole.content[0] ^ 1);
        assert_eq!(changed.content[1..], whole.content[1..]);
        assert_eq!(changed.trailers("content-digest"), whole.trailers("content-digest"));

        let sized = through(&origins, Fault::AddLength, is_http2).await.get(COLORS).await;
        assert_eq!(sized.fields("content-length"), [sized.content.len().to_string()]);
        assert_eq!(sized.trailers("x-size").len(), usize::from(is_http2), "HTTP/1.1 has no room for them");

        let path = through(&origins, Fault::Compress, is_http2).await;
        let compressed = path.get("/bytes/64").await;
        assert_eq!(compressed.fields("content-encoding"), ["gzip"]);
        assert_eq!(compressed.content[..2], [0x1f, 0x8b]);
        assert_eq!(compressed.trailers("content-digest").len(), 1);

        let path = through(&origins, Fault::CompressIfAccepted, is_http2).await;
        assert!(path.get("/bytes/64").await.fields("content-encoding").is_empty());
        let request = path.request("GET", "/bytes/64").header("accept-encoding", "gzip");
        let compressed = path.send(request, empty()).await.expect("a response");
        assert_eq!(compressed.fields("content-encoding"), ["gzip"]);
    }
}

#[tokio::test]
async fn content_is_held_back() {
    for is_http2 in [false, true] {
        let origin = half(is_http2, false, vec![Step::Silence]).await;
        let setup = Setup::new(origin.address).fault(Fault::HoldBack);
        let path = Path::through(setup, is_http2).await;
        assert!(timeout(A_WHILE, path.begin("/")).await.is_err(), "HTTP/2: {is_http2}");
    }
}

#[tokio::test]
async fn cut_becomes_a_clean_end_or_none() {
    for (fault, is_http2, is_sized, then) in [
        (Fault::EndAtReset, false, false, Step::Reset),
        (Fault::EndAtReset, true, false, reset_stream()),
        (Fault::EndAtClose, false, false, Step::Close),
        (Fault::EndAtClose, false, false, Step::Abort),
        (Fault::EndAtClose, true, false, Step::Close),
        (Fault::EndAtShort, false, true, Step::Close),
        (Fault::EndAtShort, true, true, end_of_stream()),
    ] {
        for other in [Fault::EndAtReset, Fault::EndAtClose, Fault::EndAtShort, Fault::HangAfterCut] {
            let origin = half(is_http2, is_sized, vec![then.clone()]).await;
            let path = Path::through(Setup::new(origin.address).fault(other), is_http2).await;
            let what = format!("{other:?} when {fault:?} is wanted, HTTP/2: {is_http2}");
            if other == Fault::HangAfterCut {
                assert!(timeout(A_WHILE, path.get("/")).await.is_err(), "{what}");
                continue;
            }
            let got = path.get("/").await;
            assert_eq!(got.is_cut, other != fault, "{what}: {got:?}");
            assert_eq!(got.text(), "a".repeat(32), "{what}");
        }
    }
}

#[tokio::test]
async fn failures_in_trailers_are_lost() {
    let origins = Origins::start();
    for is_http2 in [false, true] {
        let path = through(&origins, Fault::LoseFailure, is_http2).await;
        let failed = path.get("/lines/5?fail_at=3").await;
        assert!(failed.trailers.is_empty() && !failed.is_cut, "{failed:?}");
        let failed = path.get("/export/orders?limit=10&fail_at=5&fail=trailer").await;
        assert!(failed.trailers("grpc-status").is_empty() && !failed.is_cut, "{failed:?}");
        assert_eq!(shown(&path.get(COLORS).await).0.len(), 2);
    }
    let path = through(&origins, Fault::LoseFailure, true).await;
    assert_eq!(call(&path, "Export", "\0\0\0\0\n\n\x06orders \x03").await.trailers("grpc-status"), ["14"]);
}

#[tokio::test]
async fn grpc_calls_lose_their_status() {
    let origins = Origins::start();
    for (fault, status, expected) in [
        (Fault::DropGrpcStatus, 200, ""),
        (Fault::ChangeGrpcStatus, 200, "2"),
        (Fault::RefuseGrpc, 415, ""),
        (Fault::FailGrpc, 502, ""),
    ] {
        for message in ["\0\0\0\0\n\n\x06orders \x03", "\0\0\0\0\u{6}\n\u{4}none"] {
            let got = call(&through(&origins, fault, true).await, "Export", message).await;
            assert_eq!(got.status, status, "{fault:?}: {got:?}");
            let arrived = [got.trailers("grpc-status"), got.fields("grpc-status")].concat().join(",");
            assert_eq!(arrived, expected, "{fault:?}: {got:?}");
        }
    }
}

#[tokio::test]
async fn responses_without_content_are_changed() {
    let origins = Origins::start();
    for is_http2 in [false, true] {
        let file = through(&origins, Fault::HangOnHead, is_http2).await.get("/files/Cargo.toml").await;
        let etag = file.fields("etag")[0].to_owned();
        let path = through(&origins, Fault::NotModifiedAsOk, is_http2).await;
        let request = path.request("GET", "/files/Cargo.toml").header("if-none-match", etag);
        assert_eq!(path.send(request, empty()).await.expect("a response").status, 200);

        let path = through(&origins, Fault::HangOnHead, is_http2).await;
        let head = path.send(path.request("HEAD", "/bytes/5"), empty());
        assert!(timeout(A_WHILE, head).await.is_err());
    }
}

#[tokio::test]
async fn response_with_204_is_changed() {
    for is_http2 in [false, true] {
        for (fault, status) in [(Fault::NoContentAsOk, 200), (Fault::NotModifiedAsOk, 204)] {
            let origin = no_content().await;
            let setup = Setup::new(origin.address).upstream(Upstream::Http1).fault(fault);
            let got = Path::through(setup, is_http2).await.get("/").await;
            assert_eq!((got.status, got.content.len()), (status, 0), "{fault:?}");
        }
    }
}

async fn no_content() -> Scripted {
    let response = b"HTTP/1.1 204 No Content\r\n\r\n";
    Scripted::start(Security::tls(&["http/1.1"]), move |_| Step::respond(false, *response)).await
}

/// What hyper does not show.
#[tokio::test]
async fn content_follows_where_none_can_be() {
    let origins = Origins::start();
    let file = through(&origins, Fault::HangOnHead, false).await.get("/files/Cargo.toml").await;
    let etag = format!("if-none-match: {}\r\n", file.fields("etag")[0]);
    for (fault, method, path, fields, ending) in [
        (Fault::ContentAfterHead, "HEAD", "/healthz", "", "ok\n"),
        (Fault::NotModifiedWithContent, "GET", "/files/Cargo.toml", &*etag, "content\n"),
    ] {
        let setup = Setup::new(origins.tls.address).fault(fault);
        let proxy = FaultyProxy::start(setup).await;
        let request =
            format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\n{fields}connection: close\r\n\r\n");
        let received = raw::http1(proxy.address, &request).await;
        assert!(received.ends_with(ending), "{fault:?}: {received}");
    }
    let origin = no_content().await;
    let proxy = FaultyProxy::start(Setup::new(origin.address).fault(Fault::NoContentWithContent)).await;
    let request = "GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    let received = raw::http1(proxy.address, request).await;
    assert!(received.starts_with("HTTP/1.1 204") && received.ends_with("content\n"), "{received}");
}

#[tokio::test]
async fn protocol_is_downgraded() {
    let origins = Origins::start();
    for (fault, protocol) in [(Fault::DowngradeToHttp11, "HTTP/1.1"), (Fault::DowngradeToHttp10, "HTTP/1.0")]
    {
        for is_http2 in [false, true] {
            let setup = Setup::new(origins.tls.address).fault(fault);
            let path = Path::through(setup, is_http2).await;
            let request = path.request("GET", "/te");
            let got = path.send(request, empty()).await.expect("a response");
            assert_eq!(got.json()["protocol"], protocol);
            assert!(got.json()["te"].is_null() && got.trailers.is_empty(), "{got:?}");
        }
    }
}

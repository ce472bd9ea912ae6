//! `/bytes` and `/export` misbehave as a request asks them to, and in no other case.

use crate::support::{
    TestServer,
    protocols::{Client, Protocol, Response, json, over_each_protocol, read},
    soon, workbench,
};
use http::HeaderMap;
use std::time::Duration;

fn serve() -> TestServer {
    TestServer::start(workbench(".").router())
}

/// A target of each route, with 64 bytes or rows of one chunk.
const TARGETS: [&str; 2] = ["/bytes/64?chunk=16", "/export/orders?limit=10"];

/// A response to a client that sends `TE: trailers`, or not.
async fn get(client: &Client, target: &str, te: bool) -> Response {
    let request = client.request("GET", target);
    let request = if te { request.header("te", "trailers") } else { request };
    request.send().await.expect("a response")
}

fn names(trailers: Option<&HeaderMap>) -> Vec<&str> {
    trailers.iter().flat_map(|trailers| trailers.keys()).map(http::HeaderName::as_str).collect()
}

over_each_protocol! {
    trailers_are_sent_and_announced_as_asked;
    long_trailer_arrives_with_the_others_if_the_client_takes_trailers;
    exact_length_is_sent_although_trailers_could_follow;
    length_is_sent_whatever_digest_is_asked_for;
    short_content_ends_at_half_of_its_length;
    broken_response_is_never_whole;
    origin_has_a_record_of_what_it_broke;
}

async fn trailers_are_sent_and_announced_as_asked(protocol: Protocol) {
    let server = serve();
    let client = protocol.client(server.address).await;
    for target in TARGETS {
        let usual = read(get(&client, target, true).await).await.expect("whole");
        for (fault, te, is_announced, is_sent) in [
            ("unannounced", true, false, true),
            ("announced_only", true, true, false),
            ("without_te", false, true, true),
            ("without_te", true, true, true),
        ] {
            let case = format!("{target}&trailers={fault} over {protocol}, TE: {te}");
            let response = get(&client, &format!("{target}&trailers={fault}"), te).await;
            assert_eq!(response.status(), 200, "{case}");
            assert_eq!(response.headers().contains_key("trailer"), is_announced, "{case}");
            assert!(!response.headers().contains_key("content-length"), "{case}");
            let ending = read(response).await.expect(&case);
            assert_eq!(ending.content, usual.content, "{case}");
            let expected = if is_sent { names(usual.trailers.as_ref()) } else { Vec::new() };
            assert_eq!(names(ending.trailers.as_ref()), expected, "{case}");
        }
    }
}

async fn long_trailer_arrives_with_the_others_if_the_client_takes_trailers(protocol: Protocol) {
    let server = serve();
    let client = protocol.client(server.address).await;
    for target in TARGETS {
        let case = format!("{target} over {protocol}");
        let response = get(&client, &format!("{target}&trailers=long"), true).await;
        let announced = response.headers()["trailer"].to_str().expect("text").to_owned();
        let trailers = read(response).await.expect(&case).trailers.expect(&case);
        assert_eq!(announced, names(Some(&trailers)).join(", "), "{case}");
        let long = trailers["x-long"].as_bytes();
        assert!(long.len() == 8192 && long.starts_with(b"abcdefghijklmnopqrstuvwxyzab"), "{case}");
        assert!(trailers.contains_key("content-digest"), "{case}");
    }

    let response = get(&Protocol::Http1.client(server.address).await, "/bytes/64?trailers=long", false).await;
    assert_eq!(read(response).await.expect("whole").trailers, None);
}

async fn exact_length_is_sent_although_trailers_could_follow(protocol: Protocol) {
    let server = serve();
    let client = protocol.client(server.address).await;
    for target in TARGETS {
        let case = format!("{target} over {protocol}");
        let usual = read(get(&client, target, true).await).await.expect(&case);
        let response = get(&client, &format!("{target}&length=exact"), true).await;
        let length = response.headers()["content-length"].to_str().expect("text").to_owned();
        let ending = read(response).await.expect(&case);
        assert_eq!(
            (&ending.content, &*length),
            (&usual.content, &*usual.content.len().to_string()),
            "{case}"
        );
        // Over HTTP/1.1 nothing can follow it.
        let expected = if protocol == Protocol::Http1 { Vec::new() } else { names(usual.trailers.as_ref()) };
        assert_eq!(names(ending.trailers.as_ref()), expected, "{case}");
    }
}

/// The layer that adds digests hides the length over HTTP/2, so it must not add one.
async fn length_is_sent_whatever_digest_is_asked_for(protocol: Protocol) {
    let server = serve();
    let client = protocol.client(server.address).await;
    let request = client.request("GET", "/bytes/64?length=exact").header("te", "trailers");
    let request = request.header("want-repr-digest", "sha-512=9").header("want-content-digest", "sha-256=0");
    let response = request.send().await.expect("a response");
    assert_eq!(response.headers()["content-length"], "64", "{protocol}");
    let expected: &[&str] =
        if protocol == Protocol::Http1 { &[] } else { &["content-digest", "repr-digest"] };
    assert_eq!(names(read(response).await.expect("whole").trailers.as_ref()), expected, "{protocol}");
}

async fn short_content_ends_at_half_of_its_length(protocol: Protocol) {
    let server = serve();
    let client = protocol.client(server.address).await;
    for target in TARGETS {
        let usual = read(get(&client, target, true).await).await.expect("whole").content;
        let response = get(&client, &format!("{target}&length=short"), true).await;
        assert_eq!(response.field("content-length"), usual.len().to_string(), "{target}");
        let cut = read(response).await.expect_err("cut");
        assert_eq!(cut.content, &usual[..usual.len() / 2], "{target}");
    }
}

async fn broken_response_is_never_whole(protocol: Protocol) {
    let server = serve();
    let client = protocol.client(server.address).await;
    let kinds: &[&str] = match protocol {
        Protocol::Http1 => &["reset", "close", "alert"],
        Protocol::Http2 => &["reset", "close", "alert", "goaway"],
        Protocol::Http3 => &["reset", "close"],
    };
    for target in TARGETS {
        let whole = read(get(&client, target, true).await).await.expect("whole").content;
        for kind in kinds {
            for at in ["head", "body", "chunk", "trailers"] {
                // Only a connection can end within a frame, and only one over TCP.
                let is_of_streams = protocol == Protocol::Http3 || matches!(*kind, "reset" | "goaway");
                if at == "chunk" && protocol != Protocol::Http1 && is_of_streams {
                    continue;
                }
                let case = format!("{kind} at {at} of {target} over {protocol}");
                let url = format!("{target}&break={kind}&break_at={at}");
                // Its connection may end with it.
                let client = protocol.client(server.address).await;
                let response = client.request("GET", url).header("te", "trailers").send().await;
                let Ok(response) = response else {
                    continue;
                };
                assert_ne!(at, "head", "{case}");
                assert!(!response.headers().contains_key("content-length"), "{case}");
                let cut = read(response).await.expect_err(&case);
                assert!(whole.starts_with(&cut.content), "{case}");
            }
        }
    }
}

#[tokio::test]
async fn what_a_protocol_does_not_have_is_a_400_that_says_so() {
    let server = serve();
    for target in TARGETS {
        for (protocol, fault, detail) in [
            (Protocol::Http1, "break=goaway", "this `break` is not possible: a GOAWAY needs HTTP/2"),
            (Protocol::Http2, "break_at=head", "`break_at` needs `break`"),
            (
                Protocol::Http1,
                "length=exact&trailers=unannounced",
                "this `length` is not possible: over HTTP/1.1 no trailers can follow content with a Content-Length",
            ),
        ] {
            let client = protocol.client(server.address).await;
            let response = get(&client, &format!("{target}&{fault}"), true).await;
            assert_eq!(response.status(), 400, "{target}&{fault}");
            assert_eq!(json(response).await["detail"], detail, "{target}&{fault}");
        }
    }
    for (target, detail) in [
        (
            "/export/orders?length=exact&fail_at=3",
            "`length` and `fail_at` exclude each other: what fails has no length",
        ),
        (
            "/export/orders?length=exact",
            "`length` needs content of at most 1048576 bytes: set a smaller `limit`",
        ),
        ("/bytes/0?length=short", "`length=short` needs at least one byte"),
        ("/export/orders?limit=0&format=ndjson&length=short", "`length=short` needs at least one byte"),
    ] {
        let response = get(&Protocol::Http2.client(server.address).await, target, true).await;
        assert_eq!(response.status(), 400, "{target}");
        assert_eq!(json(response).await["detail"], detail, "{target}");
    }
    for target in ["/answer?break=reset", "/export/orders/events?trailers=long", "/lines/1?length=short"] {
        let response = get(&Protocol::Http2.client(server.address).await, target, true).await;
        assert_eq!(response.status(), 400, "{target}");
        let detail = json(response).await["detail"].as_str().expect("text").to_owned();
        assert!(detail.starts_with("unknown parameter "), "{target}: {detail}");
    }
}

/// The record of a probe tells a client what it could not receive.
async fn origin_has_a_record_of_what_it_broke(protocol: Protocol) {
    let server = serve();
    let client = protocol.client(server.address).await;
    for (at, status, bytes) in
        [("head", None, None), ("body", Some(200), Some(32)), ("trailers", Some(200), Some(64))]
    {
        let token = format!("token-of-the-break-at-{at}");
        let url = format!("{}&break=close&break_at={at}&probe={token}", TARGETS[0]);
        // Its connection ends with it.
        let broken = protocol.client(server.address).await;
        if let Ok(response) = broken.request("GET", url).header("te", "trailers").send().await {
            assert!(read(response).await.is_err(), "{at} over {protocol}");
        }
        let record = async {
            loop {
                let record = json(client.get(&format!("/seen/{token}")).await).await;
                if record["state"] != "running" {
                    return record;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let record = soon("the end", record).await;
        let case = format!("{at} over {protocol}: {record:#}");
        assert_eq!((&record["state"], record["status"].as_u64()), (&"cut".into(), status), "{case}");
        assert_eq!(record["data"]["bytes"].as_u64(), bytes, "{case}");
        assert!(record["trailers"].is_null(), "{case}");
    }
}

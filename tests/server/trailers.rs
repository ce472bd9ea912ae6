//! Trailers that can't be sent are not announced, and only permitted ones are sent.

use super::prelude::{
    Extension, HeaderMap, HeaderValue, Router, StatusCode, foreign, get, library::trailers::app,
    producer::declared,
};
use crate::support::{
    TestServer,
    protocols::{Protocol, over_each_protocol, read},
    raw,
};
use axum_trailers::{body, trailers::Acceptance};

#[tokio::test]
async fn http1_wire_without_te_has_neither_trailer_nor_announcement() {
    let server = TestServer::start(app());
    let wire = raw::http1(server.address, "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
    let (head, body) = wire.split_once("\r\n\r\n").expect("a header section");
    assert!(!head.contains("trailer:"), "{wire}");
    assert_eq!(body, "8\r\nhello...\r\n6\r\nworld\n\r\n0\r\n\r\n");
}

#[tokio::test]
async fn http10_gets_the_content_alone() {
    let server = TestServer::start(app());
    let wire = raw::http1(server.address, "GET / HTTP/1.0\r\nte: trailers\r\n\r\n").await;
    assert!(wire.ends_with("\r\n\r\nhello...world\n"), "{wire}");
    assert!(!wire.contains("x-rows"), "{wire}");
}

#[tokio::test]
async fn handler_sees_what_was_decided() {
    let decided = |acceptance: Extension<Acceptance>| async move { format!("{:?}", acceptance.0) };
    let server = TestServer::start(Router::new().route("/acceptance", get(decided)));
    for (te, expected) in [("te: trailers\r\n", "Accepted"), ("", "Withheld(NotAsked)")] {
        let request = format!("GET /acceptance HTTP/1.1\r\nhost: a\r\n{te}connection: close\r\n\r\n");
        let wire = raw::http1(server.address, &request).await;
        assert!(wire.ends_with(&format!("\r\n\r\n{expected}")), "{wire}");
    }
}

over_each_protocol! {
    third_party_body_sends_only_permitted_trailers;
    head_and_bodiless_statuses_announce_no_trailer;
    status_that_is_not_final_is_a_500;
}

async fn head_and_bodiless_statuses_announce_no_trailer(protocol: Protocol) {
    let bodiless = |status| move || async move { (status, body::channel(1024, declared()).1) };
    let app = app()
        .route("/204", get(bodiless(StatusCode::NO_CONTENT)))
        .route("/304", get(bodiless(StatusCode::NOT_MODIFIED)))
        .route("/plain-204", get(|| async { StatusCode::NO_CONTENT }))
        .route("/plain-304", get(|| async { StatusCode::NOT_MODIFIED }));
    let server = TestServer::start(app);
    let client = protocol.client(server.address).await;
    let head = client.request("HEAD", "/").header("te", "trailers").send().await.expect("a response");
    let mut responses = vec![head];
    for path in ["/204", "/304", "/plain-204", "/plain-304"] {
        let response = client.get(path).await;
        assert!(!response.headers().contains_key("content-length"), "{path} over {protocol}");
        responses.push(response);
    }
    for response in responses {
        assert!(!response.headers().contains_key("trailer"), "{protocol}");
        let ending = read(response).await.expect("no error");
        assert!(ending.content.is_empty() && ending.trailers.is_none(), "{protocol}");
    }
}

async fn status_that_is_not_final_is_a_500(protocol: Protocol) {
    for status in [StatusCode::CONTINUE, StatusCode::SWITCHING_PROTOCOLS] {
        let server = TestServer::start(Router::new().route("/", get(move || async move { status })));
        let client = protocol.client(server.address).await;
        assert_eq!(client.get("/").await.status(), 500, "{status} over {protocol}");
    }
}

async fn third_party_body_sends_only_permitted_trailers(protocol: Protocol) {
    let body = || {
        let mut trailers = HeaderMap::new();
        for (name, value) in [("grpc-status", "0"), ("grpc-status", "1"), ("content-length", "5")] {
            trailers.append(name, HeaderValue::from_static(value));
        }
        foreign(None, trailers)
    };
    let plain = move || async move { body() };
    let announced = move || async move { ([("trailer", "content-length, Grpc-Status, a b")], body()) };
    let server =
        TestServer::start(Router::new().route("/plain", get(plain)).route("/announced", get(announced)));
    let client = protocol.client(server.address).await;
    // Over HTTP/1.1, only announced ones can be sent.
    for (path, sent) in [("/plain", protocol != Protocol::Http1), ("/announced", true)] {
        let response = client.get(path).await;
        let announced = response.headers().get("trailer").map(|value| value.to_str().expect("text"));
        assert_eq!(
            announced,
            (path == "/announced").then_some("grpc-status"),
            "only what can come is announced"
        );
        let trailers = read(response).await.expect("no error").trailers.unwrap_or_default();
        let values: Vec<_> = trailers.get_all("grpc-status").iter().collect();
        assert_eq!(values, if sent { vec!["0", "1"] } else { vec![] }, "{path}");
        assert!(!trailers.contains_key("content-length"), "{path}");
    }
}

//! `ContentDigestLayer` on other routes, over the wire.

use super::{
    cut::assert_ends_after,
    observed_producers::{declared, rows},
    prelude::{
        ANNOUNCES_WITHHELD_TRAILERS, Body, CompressionLayer, HttpResponse, Plain, Router, TestServer, get,
        over_each_protocol, post,
    },
};
use crate::support::{
    log::Log,
    protocols::{Protocol, read},
    raw,
    upload::fields,
};
use axum_trailers::{body, digest::Algorithm, layers::ContentDigestLayer};
use flate2::read::GzDecoder;
use futures_util::stream;
use sha2::{Digest, Sha256};
use std::{convert::Infallible, io::Read};

/// RFC 9530, appendix B.
const CONTENT: &str = "{\"hello\": \"world\"}\n";
const SHA_512: &str =
    "sha-512=:YMAam51Jz/jOATT6/zvHrLVgOYTGFy1d6GJiOHTohq4yP+pgk4vf2aCsyRZOtw8MjkM7iw7yZ/WkppmM44T3qg==:";
const DIGEST: &str = "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:";

type Fields = &'static [(&'static str, &'static str)];

fn app() -> Router {
    Router::new()
        .route("/text", get(|| async { CONTENT }))
        .route(
            "/rows",
            get(|| async {
                let (mut sender, body) = body::channel(1024, declared());
                tokio::spawn(async move {
                    for chunk in CONTENT.as_bytes().chunks(5) {
                        sender.send(chunk.to_vec()).await.expect("a reader");
                    }
                    sender.finish(rows(1)).expect("as declared");
                });
                body
            }),
        )
        .route("/own", get(|| async { ([("content-digest", SHA_512)], CONTENT) }))
        .route("/post", post(|| async { CONTENT }))
        .route(
            "/fails",
            get(|| async {
                let (mut sender, body) = body::channel(1024, declared());
                tokio::spawn(async move { sender.send(CONTENT).await });
                body
            }),
        )
        .layer(ContentDigestLayer::new())
}

over_each_protocol! {
    layer_outside_of_compression_replaces_the_digest_of_one_inside;
    digest_of_any_route_arrives_with_its_other_trailers;
    length_gives_way_where_trailers_go_out;
    body_that_fails_has_no_digest;
    request_says_which_algorithm_and_which_field;
    own_digest_stays_and_no_content_has_none;
    outside_of_compression_it_covers_the_encoded_bytes_and_inner_trailers_come_through;
    clients_without_trailers_get_a_buffered_digest_as_a_header_field;
    any_body_of_axum_has_a_digest;
}

async fn digest_of_any_route_arrives_with_its_other_trailers(protocol: Protocol) {
    let server = TestServer::start(app());
    let client = protocol.client(server.address).await;
    for (path, announced) in [("/text", "content-digest"), ("/rows", "x-rows, content-digest")] {
        let response = client.get(path).await;
        assert_eq!(response.headers()["trailer"], announced, "{protocol}");
        let ending = read(response).await.expect("no error");
        assert_eq!(ending.content, CONTENT.as_bytes(), "{protocol}");
        let trailers = ending.trailers.expect("trailers");
        assert_eq!(trailers["content-digest"], DIGEST, "{protocol}");
        assert_eq!(trailers.contains_key("x-rows"), path == "/rows", "{protocol}");
    }
}

async fn length_gives_way_where_trailers_go_out(protocol: Protocol) {
    let server = TestServer::start(app());
    let client = protocol.client(server.address).await;
    let response = client.get("/text").await;
    assert!(!response.headers().contains_key("content-length"), "{protocol}");
    let chunked = response.headers().contains_key("transfer-encoding");
    assert_eq!(chunked, protocol == Protocol::Http1, "{protocol}");

    let head = Protocol::Http2
        .client(server.address)
        .await
        .request("HEAD", "/text")
        .send()
        .await
        .expect("a response");
    assert_eq!(head.headers()["content-length"], "19");

    let plain = "GET /text HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    let wire = raw::http1(server.address, plain).await;
    assert!(wire.contains("\r\ncontent-length: 19\r\n"), "without trailers the length stays: {wire}");
    assert!(!wire.contains("trailer") && wire.ends_with(CONTENT), "{wire}");
}

async fn body_that_fails_has_no_digest(protocol: Protocol) {
    let server = TestServer::start(app());
    let client = protocol.client(server.address).await;
    client.cut("/fails").await;

    let wire = raw::http1(server.address, "GET /fails HTTP/1.1\r\nhost: a\r\nte: trailers\r\n\r\n").await;
    assert_ends_after(&format!("13\r\n{CONTENT}\r\n"), &wire);
}

async fn request_says_which_algorithm_and_which_field(protocol: Protocol) {
    const CONTENT_FIELD: &str = "want-content-digest";
    let cases: [(&str, &str, Fields); 6] = [
        (CONTENT_FIELD, "sha-512=2, sha-256=1", &[("content-digest", SHA_512)]),
        (CONTENT_FIELD, "sha-512=1, sha-256=2, crc32c=10", &[("content-digest", DIGEST)]),
        (CONTENT_FIELD, "sha-512=ten", &[("content-digest", DIGEST)]),
        (CONTENT_FIELD, "sha-256=0", &[]),
        ("want-repr-digest", "sha-512=1", &[("content-digest", DIGEST), ("repr-digest", SHA_512)]),
        ("want-repr-digest", "sha-512=1, =", &[("content-digest", DIGEST)]),
    ];
    let server = TestServer::start(app());
    let client = protocol.client(server.address).await;
    for (name, value, expected) in cases {
        let request = client.request("GET", "/text").header("te", "trailers").header(name, value);
        let response = request.send().await.expect("a response");
        let announced = response.headers().get("trailer").cloned();
        let names: Vec<_> = expected.iter().map(|(name, _)| *name).collect();
        assert_eq!(announced.is_some_and(|value| value == *names.join(", ")), !names.is_empty());
        let trailers = read(response).await.expect("no error").trailers.unwrap_or_default();
        assert_eq!(trailers, fields(expected), "{name}: {value} over {protocol}");
    }
}

#[tokio::test]
async fn malformed_preference_is_a_debug_line() {
    let (log, _guard) = Log::catch_all();
    let server = TestServer::start(app());
    let client = Protocol::Http2.client(server.address).await;
    let request = client.request("GET", "/text").header("want-content-digest", "sha-512=\"");
    request.send().await.expect("a response");
    log.line(&["DEBUG", "malformed field ignored", "want-content-digest"]).await;
}

async fn own_digest_stays_and_no_content_has_none(protocol: Protocol) {
    let server = TestServer::start(app());
    let client = protocol.client(server.address).await;
    let response = client.get("/own").await;
    assert_eq!(response.headers()["content-digest"], SHA_512, "{protocol}");
    assert!(!response.headers().contains_key("trailer"), "{protocol}");
    assert!(read(response).await.expect("no error").trailers.is_none(), "{protocol}");

    let head = client.request("HEAD", "/text").header("te", "trailers").send().await.expect("a response");
    assert!(!head.headers().contains_key("trailer"), "{protocol}");
    let post = client.request("POST", "/post").header("te", "trailers").send().await.expect("a response");
    assert_eq!(read(post).await.expect("no error").trailers.expect("trailers")["content-digest"], DIGEST);
}

async fn outside_of_compression_it_covers_the_encoded_bytes_and_inner_trailers_come_through(
    protocol: Protocol,
) {
    let compressed = || {
        let (mut sender, body) = body::channel(1024, declared());
        tokio::spawn(async move {
            for _ in 0..100 {
                sender.send(CONTENT).await.expect("a reader");
            }
            sender.finish(rows(100)).expect("as declared");
        });
        body
    };
    let app = Router::new()
        .route("/", get(move || async move { compressed() }))
        .layer(CompressionLayer::new())
        .layer(ContentDigestLayer::new());
    let server = TestServer::start(app);
    let client = protocol.client(server.address).await;
    for encoding in ["gzip", "identity"] {
        let request = client.request("GET", "/").header("te", "trailers").header("accept-encoding", encoding);
        let response = request.send().await.expect("a response");
        let is_encoded = response.headers().get("content-encoding").is_some_and(|value| value == "gzip");
        assert_eq!(is_encoded, encoding == "gzip", "{protocol}");
        assert_eq!(response.headers()["trailer"], "x-rows, content-digest", "{protocol}");
        let ending = read(response).await.expect("no error");
        let trailers = ending.trailers.expect("trailers");
        assert_eq!(trailers["x-rows"], "100", "{encoding} over {protocol}");
        let digest = base64(&Sha256::digest(&ending.content));
        assert_eq!(trailers["content-digest"], format!("sha-256=:{digest}:"), "{encoding} over {protocol}");
        let mut text = String::new();
        if is_encoded {
            GzDecoder::new(&*ending.content).read_to_string(&mut text).expect("gzip");
        } else {
            text = String::from_utf8(ending.content).expect("text");
        }
        assert_eq!(text, CONTENT.repeat(100), "{encoding} over {protocol}");
    }
}

/// Rows with a digest layer inside of a compression layer.
pub(crate) fn inside_of_compression() -> Router {
    let finished = || async {
        let (mut sender, body) = body::channel(1024, declared());
        sender.send(CONTENT.repeat(50)).await.expect("a reader");
        sender.finish(rows(50)).expect("as declared");
        body
    };
    Router::new()
        .route("/", get(finished))
        .layer(ContentDigestLayer::or_buffered(1024 * 1024))
        .layer(CompressionLayer::new())
}

/// Asserts that a response has one digest of what is sent, or none if `is_omitted` and the content is encoded.
pub(crate) async fn assert_digests(protocol: Protocol, app: Router, is_omitted: bool) {
    let server = TestServer::start(app);
    let client = protocol.client(server.address).await;
    for te in [&[("te", "trailers")][..], &[]] {
        for encoding in ["gzip", "identity"] {
            let request = client.request("GET", "/").headers(te).header("accept-encoding", encoding);
            let response = request.send().await.expect("a response");
            let is_encoded = response.headers().contains_key("content-encoding");
            assert_eq!(is_encoded, encoding == "gzip", "{protocol}");
            let has_trailers = !protocol.needs_te() || !te.is_empty();
            let announced = response.headers().get("trailer").map(|names| names.to_str().expect("text"));
            let header = response.headers().get("content-digest").cloned();
            let has_digest = !is_encoded || !is_omitted;
            let case = format!("{encoding}, {te:?} over {protocol}");
            let expected = match has_trailers {
                true if has_digest => Some("x-rows, content-digest"),
                true => Some("x-rows"),
                false => ANNOUNCES_WITHHELD_TRAILERS.then_some("x-rows"),
            };
            assert_eq!(announced, expected, "{case}");
            let ending = read(response).await.expect("no error");
            let trailers = ending.trailers.unwrap_or_default();
            assert_eq!(trailers.contains_key("x-rows"), has_trailers, "{case}");
            let digest = format!("sha-256=:{}:", base64(&Sha256::digest(&ending.content)));
            let digests: Vec<_> = trailers.get_all("content-digest").iter().chain(&header).collect();
            let expected = if has_digest { vec![&*digest] } else { vec![] };
            assert_eq!(digests, expected, "{case}");
            assert_eq!(header.is_some(), has_digest && !has_trailers, "{case}");
        }
    }
}

async fn layer_outside_of_compression_replaces_the_digest_of_one_inside(protocol: Protocol) {
    let both = inside_of_compression().layer(ContentDigestLayer::or_buffered(1024 * 1024));
    assert_digests(protocol, both, false).await;
}

fn base64(bytes: &[u8]) -> String {
    base64::Engine::encode(&base64::prelude::BASE64_STANDARD, bytes)
}

async fn clients_without_trailers_get_a_buffered_digest_as_a_header_field(protocol: Protocol) {
    let streamed =
        || async { Plain::new(stream::iter(["{\"hello\"", ": \"world\"}\n"].map(Ok::<_, Infallible>))) };
    let route = |limit| {
        let layer = ContentDigestLayer::or_buffered(limit).algorithm(Algorithm::Sha512);
        get(streamed).layer(layer)
    };
    let app =
        Router::new().route("/fits", route(CONTENT.len())).route("/too-large", route(CONTENT.len() - 1));
    let server = TestServer::start(app);
    for path in ["/fits", "/too-large"] {
        let response = Protocol::Http1
            .client(server.address)
            .await
            .request("GET", path)
            .send()
            .await
            .expect("a response");
        let field = response.headers().get("content-digest").cloned();
        assert_eq!(field.is_some_and(|value| value == SHA_512), path == "/fits");
        assert_eq!(response.headers().contains_key("content-length"), path == "/fits");
        assert!(!response.headers().contains_key("trailer"));
        assert_eq!(response.text().await.expect("text"), CONTENT);
        let client = protocol.client(server.address).await;
        let response = client.get(path).await;
        assert!(!response.headers().contains_key("content-digest"), "{protocol}");
        let trailers = read(response).await.expect("no error").trailers.expect("trailers");
        assert_eq!(trailers["content-digest"], SHA_512, "{protocol}");
    }
}

async fn any_body_of_axum_has_a_digest(protocol: Protocol) {
    let app = Router::new()
        .route("/text", get(|| async { CONTENT }))
        .route("/bytes", get(|| async { CONTENT.as_bytes().to_vec() }))
        .route("/stream", get(|| async { Plain::new(stream::iter([Ok::<_, Infallible>(CONTENT)])) }))
        .route("/body", get(|| async { HttpResponse::new(Body::from(CONTENT)) }))
        .route(
            "/channel",
            get(|| async {
                let (sender, body) = body::channel(64, declared());
                tokio::spawn(async move {
                    let mut sender = sender;
                    sender.send(CONTENT).await.expect("a reader");
                    sender.finish(rows(1)).expect("as declared");
                });
                body
            }),
        )
        .layer(ContentDigestLayer::new());
    let server = TestServer::start(app);
    let client = protocol.client(server.address).await;
    for path in ["/text", "/bytes", "/stream", "/body", "/channel"] {
        let trailers = read(client.get(path).await).await.expect("no error").trailers;
        assert_eq!(trailers.expect("trailers")["content-digest"], DIGEST, "{path} over {protocol}");
    }
}

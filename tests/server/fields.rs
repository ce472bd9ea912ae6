//! Methods, targets, names and values that can't be sent, or that an application can't have, are rejected, logged and counted,
//! without a panic: versions of `http` differ in what they accept.

use super::prelude::{
    ANY_METHOD, AppendHeaders, HeaderMap, HeaderValue, IntoResponse, Path, Plain, Response, Router,
    StatusCode, any_name, foreign, get, post, route,
};
use crate::support::{
    TestServer,
    log::Log,
    metrics::counted,
    protocols::{Protocol, over_each_protocol, read},
    raw, soon,
};
use axum_trailers::request::RequestBody;
use axum_trailers_server::Limits;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use std::convert::Infallible;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

fn one(name: &str, value: &'static str) -> HeaderMap {
    HeaderMap::from_iter([(any_name(name), HeaderValue::from_static(value))])
}

async fn field(Path(name): Path<String>) -> impl IntoResponse {
    (one(&name, "1"), "content")
}

async fn trailer(Path(name): Path<String>) -> Response {
    let mut response = foreign(Some("content"), one(&name, "1"));
    response.headers_mut().insert("trailer", name.parse().expect("a value"));
    response
}

/// Returns the number of trailers.
pub(super) async fn trailers(mut body: RequestBody) -> Result<String, StatusCode> {
    while let Some(Ok(_)) = body.next().await {}
    let trailers = body.trailers().await.map_err(|_broken| StatusCode::CONFLICT)?;
    Ok(trailers.as_map().len().to_string())
}

fn app() -> Router {
    Router::new()
        .route(&route("/field/{name}"), get(field))
        .route(&route("/trailer/{name}"), get(trailer))
        .route("/trailers", post(trailers))
        .route("/ok", get(|| async { "ok" }))
}

/// Uses one thread, so the test catches its log.
fn serve() -> TestServer {
    TestServer::with(app(), |server| server.threads(1))
}

over_each_protocol! {
    response_field_whose_name_is_no_token_is_a_logged_500;
    response_trailer_whose_name_is_no_token_fails_the_body;
    values_in_responses_are_trimmed;
    length_that_is_not_one_number_does_not_leave;
}

async fn response_field_whose_name_is_no_token_is_a_logged_500(protocol: Protocol) {
    let (log, _guard) = Log::catch();
    let server = serve();
    let client = protocol.client(server.address).await;
    let response = client.get("/field/%22x%22").await;
    assert_eq!(response.status(), 500, "{protocol}");
    assert_eq!(response.headers()["content-type"], "application/problem+json", "{protocol}");
    log.line(&["ERROR", "can't be sent", r#"`"x"` is not a valid field name"#]).await;
    log.line(&[
        "method=GET",
        r#"request_target="/field/%22x%22""#,
        "status=500",
        protocol.name(),
        "ended=complete",
    ])
    .await;

    let response = client.get("/field/x!'*~").await;
    assert_eq!(
        (response.status(), &response.headers()["x!'*~"]),
        (StatusCode::OK.as_u16().try_into().expect("a status"), &http::HeaderValue::from_static("1")),
        "{protocol}"
    );
}

async fn response_trailer_whose_name_is_no_token_fails_the_body(protocol: Protocol) {
    let (log, _guard) = Log::catch();
    let server = serve();
    let client = protocol.client(server.address).await;
    client.cut("/trailer/%22x%22").await;
    let ended = r#"ended=failed: the trailers can't be sent: `"x"` is not a valid field name"#;
    log.line(&[
        r#"request_target="/trailer/%22x%22""#,
        "status=200",
        protocol.name(),
        "trailers=none",
        ended,
    ])
    .await;

    let ending = read(client.get("/trailer/x!'*~").await).await.expect("whole");
    assert_eq!(ending.trailers.expect("trailers")["x!'*~"], "1", "{protocol}");
    assert_eq!(client.get("/ok").await.status(), 200, "{protocol} lives on");

    // A client that accepts no trailers misses nothing.
    let request = "GET /trailer/%22x%22 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    let wire = raw::http1(server.address, request).await;
    assert!(wire.ends_with("7\r\ncontent\r\n0\r\n\r\n"), "{wire}");
}

#[tokio::test]
async fn unsendable_responses_are_counted() {
    let (server, metrics) = counted(app(), Limits::default());
    let client = Protocol::Http2.client(server.address).await;
    let _content = client.get("/field/%22x%22").await.bytes().await;
    read(client.get("/trailer/%22x%22").await).await.expect_err("a reset");
    let mut stream = raw::http2(server.address).await;
    assert_eq!(raw_status(&mut stream, "GET", "/ä").await, 400);
    for series in [
        &*format!(r#"requests_total{{protocol="HTTP/2",route="{}",status="500"}}"#, route("/field/{name}")),
        r#"requests_total{protocol="HTTP/2",route="none",status="400"}"#,
        r#"streams_failed_total{protocol="HTTP/2",reason="body"}"#,
    ] {
        metrics.say(series, 1).await;
    }
}

pub(super) fn closing(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
}

async fn raw_status(client: &mut h2::client::SendRequest<Bytes>, method: &str, path: &str) -> u16 {
    let target = http::Uri::try_from(format!("https://localhost{path}")).expect("a target");
    let request = http::Request::builder().method(method).uri(target).body(()).expect("a request");
    let (response, _) = client.send_request(request, true).expect("sent");
    soon("a response", response).await.expect("a response").status().as_u16()
}

#[tokio::test]
async fn request_head_that_an_application_can_not_have_is_400_and_logged_as_it_came() {
    let (log, _guard) = Log::catch();
    let server = serve();
    let mut client = raw::http2(server.address).await;
    let status = if ANY_METHOD { 405 } else { 400 };
    for (method, path, status) in [("POST", "/ä", 400), ("A#B", "/ok", status), ("GET", "/ok?ö", 400)] {
        assert_eq!(raw_status(&mut client, method, path).await, status, "{method} {path}");
        let target = format!("request_target={path:?}");
        log.line(&[
            &format!("method={method}"),
            &target,
            &format!("status={status}"),
            "HTTP/2\"",
            "ended=complete",
        ])
        .await;
    }
    assert_eq!(raw_status(&mut client, "GET", "/ok").await, 200, "the connection lives on");

    let wire = raw::http1(server.address, &closing("/ö")).await;
    assert!(wire.starts_with("HTTP/1.1 400 ") && wire.contains("percent-encode"), "{wire}");
    log.line(&["method=GET", r#"request_target="/ö""#, "status=400", "HTTP/1.1"]).await;
}

/// A field block of `GET https://localhost` with this path and this number of one-byte names, optionally with values.
pub(super) fn head(path: &str, fields: usize, value: &str) -> Vec<u8> {
    // Indexed `GET` and `https`, then `:path` and `:authority` as literals (RFC 7541, appendix A and §6.2.2).
    let mut block = vec![0x82, 0x87, 0x04, u8::try_from(path.len()).expect("a short path")];
    block.extend(path.as_bytes());
    block.extend(b"\x01\x09localhost");
    for _ in 0..fields {
        block.extend(b"\x00\x01a");
        block.push(u8::try_from(value.len()).expect("a short value"));
        block.extend(value.as_bytes());
    }
    block
}

/// `HEADERS` with `END_STREAM`, and `CONTINUATION` frames if the block needs them.
fn frames(stream: u8, block: &[u8]) -> Vec<u8> {
    let pieces: Vec<_> = block.chunks(16 * 1024).collect();
    let frame = |(n, piece): (usize, &&[u8])| {
        let is_last = u8::from(n + 1 == pieces.len());
        let (kind, end_stream) = if n == 0 { (1, 1) } else { (9, 0) };
        raw::http2_frame(kind, end_stream | is_last << 2, stream, piece)
    };
    pieces.iter().enumerate().flat_map(frame).collect()
}

/// Sends a request per block on one connection. Returns the first byte of each response's header section.
pub(super) async fn answers(server: &TestServer, blocks: &[Vec<u8>]) -> Vec<u8> {
    let mut client = raw::tls(server.address, "h2").await;
    client.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.expect("sent");
    client.write_all(&raw::http2_frame(4, 0, 0, &[])).await.expect("sent");
    let (mut answers, mut wire) = (Vec::new(), Vec::new());
    for (n, block) in blocks.iter().enumerate() {
        let stream = u8::try_from(2 * n + 1).expect("few requests");
        client.write_all(&frames(stream, block)).await.expect("sent");
        while answers.len() <= n {
            assert_ne!(soon("a response", client.read_buf(&mut wire)).await.expect("a response"), 0);
            let heads = raw::http2_frames(&wire).into_iter().filter(|(kind, ..)| *kind == 1);
            answers = heads.filter_map(|(_, _, block)| block.first().copied()).collect();
        }
    }
    answers
}

/// `:status` in the static table (RFC 7541, appendix A). Others, such as 431, are encoded with only the name from the
/// table.
pub(super) const OK: u8 = 0x88;
const BAD_REQUEST: u8 = 0x8c;

/// A field as a literal with a new name (RFC 7541 section 6.2.2).
pub(super) fn literal(name: &str, value: &str) -> Vec<u8> {
    let text = |text: &str| [&[u8::try_from(text.len()).expect("short")], text.as_bytes()].concat();
    [vec![0], text(name), text(value)].concat()
}

/// Sends a request with content and this trailer section. Returns the first byte of the response's header section.
async fn answer_to_trailers(server: &TestServer, path: &str, section: &[u8]) -> Option<u8> {
    let mut client = raw::http2_began(server.address, "POST", path).await;
    client.write_all(&raw::http2_frame(0, 0, 1, b"hello")).await.expect("sent");
    client.write_all(&raw::http2_frame(1, 5, 1, section)).await.expect("sent");
    let mut wire = Vec::new();
    loop {
        assert_ne!(soon("a response", client.read_buf(&mut wire)).await.expect("a response"), 0);
        if let Some((.., block)) = raw::http2_frames(&wire).into_iter().find(|(kind, ..)| *kind == 1) {
            return block.first().copied();
        }
    }
}

/// Whitespace around a value is malformed in HTTP/2 (RFC 9113 section 8.2.1).
#[tokio::test]
async fn values_in_requests_with_whitespace_around_them_are_refused() {
    let server = TestServer::start(app());
    for (value, status) in [("v", OK), ("v w", OK), ("", OK)] {
        let block = [head("/ok", 0, ""), literal("x", value)].concat();
        assert_eq!(answers(&server, &[block]).await, [status], "{value:?} in the header section");
        let answer = answer_to_trailers(&server, "/trailers", &literal("x", value)).await;
        assert_eq!(answer, Some(status), "{value:?} in the trailer section");
    }
    for value in [" v\t", "v ", "\tv", " "] {
        let block = [head("/ok", 0, ""), literal("x", value)].concat();
        assert_eq!(answers(&server, &[block]).await, [BAD_REQUEST], "{value:?} in the header section");
        let answer = answer_to_trailers(&server, "/trailers", &literal("x", value)).await;
        assert_eq!(answer, Some(BAD_REQUEST), "{value:?} in the trailer section");
    }
}

/// In HTTP/1.1 it is not part of the value (RFC 9110 section 5.5).
#[tokio::test]
async fn whitespace_around_values_is_ignored_over_http1() {
    let echo = |mut body: RequestBody| async move {
        while body.next().await.is_some() {}
        format!("{:?}", body.trailers().await.expect("trailers").as_map())
    };
    let server = TestServer::start(Router::new().route("/", post(echo)));
    let request = "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n\
                   5\r\nhello\r\n0\r\nx-a:  \tv w \t\r\n\r\n";
    assert!(raw::http1(server.address, request).await.contains(r#"{"x-a": "v w"}"#));
}

/// Whitespace is removed from values of handlers and third-party bodies.
async fn values_in_responses_are_trimmed(protocol: Protocol) {
    let (log, _guard) = Log::catch_all();
    let respond = || async {
        let fields = [("x-field", " v w\t"), ("trailer", "x-trailer")];
        (fields, foreign(Some("content"), one("x-trailer", " v\t")))
    };
    let server = TestServer::with(Router::new().route("/", get(respond)), |server| server.threads(1));
    let client = protocol.client(server.address).await;
    let response = client.get("/").await;
    assert_eq!(response.headers()["x-field"], "v w", "{protocol}");
    let trailers = read(response).await.expect("no error").trailers.expect("trailers");
    assert_eq!(trailers["x-trailer"], "v", "{protocol}");

    log.line(&["DEBUG", "whitespace around a field value removed", "name=x-trailer"]).await;
}

/// `"` is not allowed in a token, but the `http` crate accepts it in names over HTTP/2.
#[tokio::test]
async fn names_in_requests_that_are_no_tokens_are_refused() {
    let (log, _guard) = Log::catch();
    let server = TestServer::with(app(), |server| server.threads(1));
    for (name, status) in [("x", OK), ("\"x\"", BAD_REQUEST), ("x\"", BAD_REQUEST), ("\"", BAD_REQUEST)] {
        let block = [head("/ok", 0, ""), literal(name, "1")].concat();
        assert_eq!(answers(&server, &[block]).await, [status], "{name} in the header section");
        let answer = answer_to_trailers(&server, "/trailers", &literal(name, "1")).await;
        assert_eq!(answer, Some(status), "{name} in the trailer section");
    }
    log.line(&["method=GET", r#"request_target="/ok""#, "status=400", "ended=complete"]).await;
    log.line(&["method=POST", r#"request_target="/trailers""#, "status=400", "ended=complete"]).await;
}

/// With another `Content-Length`, the message would be malformed.
async fn length_that_is_not_one_number_does_not_leave(protocol: Protocol) {
    let (log, _guard) = Log::catch();
    let lengths: [&[&str]; 8] =
        [&["+7"], &["7, 7"], &["7", "7"], &["seven"], &[""], &["-1"], &["0x7"], &["99999999999999999999"]];
    for lengths in lengths {
        let fields = move || AppendHeaders(lengths.iter().map(|length| ("content-length", *length)));
        let chunks = || Plain::new(stream::iter(["con", "tent"].map(Ok::<_, Infallible>)));
        let app = Router::new()
            .route("/known", get(move || async move { (fields(), "content") }))
            .route("/streamed", get(move || async move { (fields(), chunks()) }));
        let server = TestServer::with(app, |server| server.threads(1));
        let client = protocol.client(server.address).await;
        for (path, sent) in [("/known", Some("7")), ("/streamed", None)] {
            let response = client.get(path).await;
            let field = response.headers().get("content-length").map(|value| value.to_str().expect("text"));
            assert_eq!(field, sent, "{lengths:?}, {path} over {protocol}");
            assert_eq!(read(response).await.expect("whole").content, b"content", "{lengths:?}, {path}");
        }
        let head = client.request("HEAD", "/streamed").send().await.expect("a response");
        assert!(!head.headers().contains_key("content-length"), "{lengths:?} over {protocol}");

        log.line(&["WARN", "`Content-Length` is not one number"]).await;
    }
}

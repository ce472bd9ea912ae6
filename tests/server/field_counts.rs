//! Thousands of fields are sent, served or refused, without a panic: a map of `http` has room for 24,576 names.

use super::{
    fields::{OK, answers, closing, head, literal, trailers},
    prelude::{HeaderMap, HeaderName, HeaderValue, IntoResponse, Path, Router, foreign, get, post, route},
};
use crate::support::{
    TestServer,
    log::Log,
    metrics::counted,
    protocols::{Protocol, over_each_protocol, read},
    raw,
    upload::Upload,
    with,
};
use axum_trailers_server::Limits;

async fn values(Path(count): Path<usize>) -> impl IntoResponse {
    let mut fields = HeaderMap::new();
    for n in 0..count {
        fields.append("x-a", HeaderValue::from(n));
    }
    (fields, "content")
}

async fn names(Path(count): Path<usize>) -> impl IntoResponse {
    let name = |n| HeaderName::try_from(format!("x-{n}")).expect("a name");
    let fields: HeaderMap = (0..count).map(|n| (name(n), HeaderValue::from(n))).collect();
    (fields, "content")
}

fn app() -> Router {
    Router::new()
        .route(&route("/values/{count}"), get(values))
        .route(&route("/names/{count}"), get(names))
        .route("/trailers", post(trailers))
        .route("/ok", get(|| async { "ok" }))
}

over_each_protocol! {
    thousands_of_trailers_are_refused_by_their_number, except Http1: "hyper itself refuses more than 100";
    response_may_have_as_many_trailers_as_a_map_holds, except Http1: "only announced trailers can be sent";
}

#[tokio::test]
async fn response_may_have_any_number_of_values_and_not_of_names() {
    let (log, _guard) = Log::catch();
    let server = TestServer::with(app(), |server| server.threads(1));
    // Not over HTTP/1.1, because hyper takes seconds for thousands of values of one name.
    let asked = ["/values/24577", "/values/40000", "/ok"].map(|path| head(path, 0, ""));
    assert_eq!(answers(&server, &asked).await, [OK; 3]);

    let wire = raw::http1(server.address, &closing("/names/24000")).await;
    assert!(wire.starts_with("HTTP/1.1 200 ") && wire.ends_with("content"), "{wire:.1000}");
    let names = wire.lines().filter(|line| line.starts_with("x-") && !line.starts_with("x-request-id:"));
    assert_eq!(names.count(), 24_000);
    let wire = raw::http1(server.address, &closing("/names/24570")).await;
    assert!(wire.starts_with("HTTP/1.1 500 "), "{wire}");
    log.line(&["ERROR", "can't be sent", "too many fields"]).await;
    log.line(&[r#"request_target="/names/24570""#, "status=500"]).await;
}

#[tokio::test]
async fn thousands_of_fields_in_a_request_are_served_or_refused_and_the_connection_lives_on() {
    let (log, _guard) = Log::catch();
    let server = TestServer::with(app(), |server| server.threads(1).limits(unbounded()));
    // With 32 bytes of overhead each, 31,000 fields are below 1 MiB without values, and above it with them.
    let blocks = [head("/ok", 31_000, ""), head("/large", 31_000, "b"), head("/ok", 0, "")];
    let answers = answers(&server, &blocks).await;
    assert!(matches!(answers[..], [OK, other, OK] if other != OK), "{answers:?}");
    log.line(&[r#"request_target="/large""#, "status=431", "ended=complete"]).await;
}

#[tokio::test]
async fn thousands_of_fields_in_a_request_are_counted() {
    let (server, metrics) = counted(app(), unbounded());
    answers(&server, &[head("/large", 31_000, "b")]).await;
    metrics.say(r#"requests_total{protocol="HTTP/2",route="none",status="431"}"#, 1).await;
}

async fn thousands_of_trailers_are_refused_by_their_number(protocol: Protocol) {
    let (log, _guard) = Log::catch();
    let server = TestServer::with(app(), |server| server.threads(1).limits(unbounded()));
    for (count, status) in [(10_000, 200), (25_000, 431)] {
        let request = Upload {
            method: "POST",
            path: "/trailers",
            chunks: &["a"],
            trailers: &vec![("a", ""); count],
            ..Upload::default()
        };
        let answer = request.send(protocol, server.address).await;
        assert_eq!(answer.status, status, "{count}: {answer:?}");
        log.line(&["method=POST", r#"request_target="/trailers""#, &format!("status={status}")]).await;
    }
}

/// A field block of `GET https://localhost/ok` with this number of names.
fn names_block(count: usize) -> Vec<u8> {
    let mut block = head("/ok", 0, "");
    (0..count).for_each(|n| block.extend(literal(&format!("n{n}"), "")));
    block
}

/// A map of `http` has room for 24,576 names.
#[tokio::test]
async fn thousands_of_names_in_a_request_are_served_or_refused_and_the_connection_lives_on() {
    let server = TestServer::with(app(), |server| server.limits(unbounded()));
    let answers = answers(&server, &[names_block(24_500), names_block(24_600), head("/ok", 0, "")]).await;
    assert!(matches!(answers[..], [OK, other, OK] if other != OK), "{answers:?}");
}

async fn response_may_have_as_many_trailers_as_a_map_holds(protocol: Protocol) {
    const MOST: usize = 24 * 1024;
    let many = || async {
        let name = |n| HeaderName::try_from(format!("x-{n}")).expect("a name");
        foreign(Some("content"), (0..MOST).map(|n| (name(n), HeaderValue::from(n))).collect())
    };
    let server = TestServer::start(Router::new().route("/", get(many)));
    let client = protocol.client(server.address).await;
    let ending = read(client.get("/").await).await.expect("whole");
    assert_eq!(ending.content, b"content");
    let trailers = ending.trailers.expect("trailers");
    assert_eq!((trailers.len(), &trailers["x-24575"]), (MOST, &"24575".parse().expect("a value")));
}

fn unbounded() -> Limits {
    with!(Limits {
        streams: u32::MAX,
        header_section: u32::MAX,
        trailer_section: u32::MAX,
        trailer_fields: u32::MAX
    })
}

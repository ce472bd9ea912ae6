//! `Expect: 100-continue`, also over HTTP/2, where the server can't send 100 (RFC 9110 §10.1.1 and §15.5.18).

use super::prelude::{RawBody, ReadContent, Router, StatusCode, post, put};
use crate::support::{
    TestServer,
    protocols::{Protocol, over_each_protocol},
    raw, soon,
};
use bytes::Bytes;
use futures_util::future::join_all;
use h2::client::{ResponseFuture, SendRequest};
use std::time::Duration;
use tokio::time::{Instant, sleep};

async fn length(RawBody(mut body): RawBody) -> String {
    let mut length = 0;
    while let Some(chunk) = body.data().await {
        match chunk {
            Ok(chunk) => length += chunk.len(),
            Err(_broken) => return "broken".to_owned(),
        }
    }
    format!("{length} bytes")
}

const LATE: Duration = Duration::from_millis(2500);

fn app() -> Router {
    let late = |body: RawBody| async {
        sleep(LATE).await;
        length(body).await
    };
    Router::new()
        .route("/", put(length))
        .route("/late", put(late))
        .route("/refused", post(|| async { (StatusCode::FORBIDDEN, "no") }))
}

struct Call {
    response: ResponseFuture,
    content: h2::SendStream<Bytes>,
}

impl Call {
    fn begin(client: &mut SendRequest<Bytes>, method: &str, path: &str, expects: bool) -> Self {
        let mut request = http::Request::builder().method(method).uri(format!("https://localhost{path}"));
        if expects {
            request = request.header("expect", "100-continue");
        }
        let request = request.body(()).expect("a request");
        let (response, content) = client.send_request(request, false).expect("sent");
        Self { response, content }
    }

    fn send(&mut self) {
        self.content.send_data(Bytes::from("hello"), true).expect("sent");
    }

    async fn answer(self) -> (u16, String) {
        let response = soon("a response", self.response).await.expect("a response");
        let status = response.status().as_u16();
        let content = raw::http2_read(&mut response.into_body()).await.expect("whole");
        (status, String::from_utf8_lossy(&content).into_owned())
    }
}

#[tokio::test]
async fn client_that_waits_for_100_is_answered_417() {
    let server = TestServer::start(app());
    let mut client = raw::http2(server.address).await;
    let began = Instant::now();
    let waits = Call::begin(&mut client, "PUT", "/", true);
    let (status, problem) = waits.answer().await;
    assert_eq!(status, 417, "{problem}");
    assert!(problem.contains("100 (Continue)"), "{problem}");
    assert!(began.elapsed() >= Duration::from_secs(2), "a client may go on by itself");
    let mut next = Call::begin(&mut client, "PUT", "/", false);
    next.send();
    assert_eq!(next.answer().await, (200, "5 bytes".to_owned()), "the connection goes on");
}

#[tokio::test]
async fn client_that_does_not_wait_for_ever_is_served() {
    let server = TestServer::start(app());
    let cases = [
        ("/", true, Duration::ZERO),
        ("/", true, Duration::from_secs(1)),
        // The time starts when the handler wants the content.
        ("/late", true, LATE + Duration::from_millis(500)),
        // Without an expectation, another limit applies.
        ("/", false, LATE),
    ];
    join_all(cases.map(async |(path, expects, waits)| {
        let mut client = raw::http2(server.address).await;
        let mut call = Call::begin(&mut client, "PUT", path, expects);
        sleep(waits).await;
        call.send();
        assert_eq!(call.answer().await, (200, "5 bytes".to_owned()), "{path}, {expects}, {waits:?}");
    }))
    .await;
}

over_each_protocol! {
    client_that_expects_100_gets_it_at_once, except Http2: "hyper can't send it";
    early_refusal_comes_instead_of_100;
}

async fn client_that_expects_100_gets_it_at_once(protocol: Protocol) {
    let server = TestServer::start(app());
    let client = protocol.client(server.address).await;
    let request = client.request("PUT", "/").header("expect", "100-continue").header("content-length", "5");
    let mut exchange = request.begin().await.expect("a stream");
    assert_eq!(exchange.informational().await, 100);
    exchange.end("hello").await;
    let response = exchange.response().await.expect("a response");
    assert_eq!(response.status(), 200);
    assert_eq!(response.text().await.expect("whole"), "5 bytes");
}

async fn early_refusal_comes_instead_of_100(protocol: Protocol) {
    let server = TestServer::start(app());
    let client = protocol.client(server.address).await;
    let request = client.request("POST", "/refused").header("expect", "100-continue");
    let mut exchange = request.header("content-length", "5").begin().await.expect("a stream");
    let response = exchange.response().await.expect("a response");
    assert_eq!(response.status(), 403);
    assert_eq!(response.text().await.expect("whole"), "no");
}

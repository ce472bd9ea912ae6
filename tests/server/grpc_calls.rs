//! A mounted service keeps the server's guarantees for all routes, and the deadlines of its calls.

use super::prelude::{Router, get};
use crate::support::{PATIENCE, TestServer, channel, http1, http2, log::Log, raw, read, soon, with};
use axum_trailers::trailers::server::ConnectionInfo;
use axum_trailers_server::{Limits, Server, Tls};
use axum_trailers_workbench::export::grpc::v1::{
    ExportRequest, ListTablesRequest, ListTablesResponse, Row, Value,
    exports_client::ExportsClient,
    exports_server::{Exports, ExportsServer, SERVICE_NAME},
    value::Kind,
};
use futures_util::{Stream, StreamExt, future::BoxFuture, stream};
use std::{
    future::pending,
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::Semaphore;
use tonic::{Code, Request, Response, Status, async_trait};

const EXPORT: &str = "/axum_trailers.v1.Exports/Export";
const LIST: &str = "/axum_trailers.v1.Exports/ListTables";

/// An empty message.
const EMPTY: &[u8] = b"\0\0\0\0\0";

/// A third-party service.
#[derive(Clone)]
enum Somebodys {
    PanicsInTheCall,
    PanicsInTheStream,
    HangsInTheCall,
    /// Adds a permit when its stream is dropped.
    HangsInTheStream(Arc<Semaphore>),
    FillsTheStream(Arc<Semaphore>),
}

type Rows = Pin<Box<dyn Stream<Item = Result<Row, Status>> + Send>>;

#[async_trait]
impl Exports for Somebodys {
    type ExportStream = Rows;

    /// Reports the client's address and the metadata.
    async fn list_tables(
        &self,
        request: Request<ListTablesRequest>,
    ) -> Result<Response<ListTablesResponse>, Status> {
        let connection: &ConnectionInfo = request.extensions().get().expect("the server tells who calls");
        let metadata: Vec<_> = request.metadata().keys().map(|name| format!("{name:?}")).collect();
        Err(Status::permission_denied(format!("{} {}", connection.client().ip(), metadata.join(" "))))
    }

    async fn export(&self, _request: Request<ExportRequest>) -> Result<Response<Rows>, Status> {
        let behind: BoxFuture<'static, _> = match self {
            Self::PanicsInTheCall => panic!("in the call"),
            Self::PanicsInTheStream => Box::pin(async { panic!("in the stream") }),
            Self::HangsInTheCall => pending().await,
            Self::HangsInTheStream(dropped) => {
                let guard = GivesOnDrop(dropped.clone());
                Box::pin(async move {
                    let _until_dropped = guard;
                    pending().await
                })
            }
            Self::FillsTheStream(dropped) => {
                let guard = GivesOnDrop(dropped.clone());
                let large = Row { values: vec![Value { kind: Some(Kind::Blob(vec![0; 10_000])) }] };
                let rows = stream::repeat_with(move || {
                    let _until_dropped = &guard;
                    Ok(large.clone())
                });
                return Ok(Response::new(Box::pin(rows)));
            }
        };
        Ok(Response::new(Box::pin(stream::iter([Ok(Row::default())]).chain(stream::once(behind)))))
    }
}

struct GivesOnDrop(Arc<Semaphore>);

impl Drop for GivesOnDrop {
    fn drop(&mut self) {
        self.0.add_permits(1);
    }
}

fn serve(service: Somebodys) -> TestServer {
    serve_limited(service, Limits::default())
}

fn serve_limited(service: Somebodys, limits: Limits) -> TestServer {
    let app = Router::new().route("/", get(|| async { "alive" }).post(|content: String| async { content }));
    TestServer::with(app, |server| server.limits(limits).grpc(SERVICE_NAME, ExportsServer::new(service)))
}

/// Sends a raw call.
async fn call(server: &TestServer, path: &str, timeout: &str) -> reqwest::Response {
    let call = http2().post(server.url(path)).body(EMPTY).header("content-type", "application/grpc");
    let call = call.header("te", "trailers").header("grpc-timeout", timeout);
    call.send().await.expect("a response")
}

#[tokio::test]
async fn call_ends_by_its_deadline_and_so_does_the_service() {
    let (log, _guard) = Log::catch();
    let dropped = Arc::new(Semaphore::new(0));
    for service in [Somebodys::HangsInTheCall, Somebodys::HangsInTheStream(dropped.clone())] {
        let in_the_call = matches!(service, Somebodys::HangsInTheCall);
        let server = serve(service);
        let began = Instant::now();
        let response = call(&server, EXPORT, "300m").await;
        assert_eq!(response.status(), 200);
        let header_section = response.headers().clone();
        assert_eq!(header_section["content-type"], "application/grpc");
        let ending = read(response).await.expect("whole");
        assert!(began.elapsed() >= Duration::from_millis(300));
        let (status, rows, trailers) = if in_the_call {
            (header_section.get("grpc-status").cloned(), 0, "trailers=none")
        } else {
            assert!(!header_section.contains_key("grpc-status"));
            let status = ending.trailers.expect("trailers").get("grpc-status").cloned();
            (status, 1, "trailers=grpc-status,grpc-message")
        };
        assert_eq!(status.expect("a status"), "4");
        assert_eq!(ending.content.len(), rows * 5, "the message before it has come");
        let failed = "grpc_status=4 ended=failed, reported in grpc-status";
        log.line(&[EXPORT, "status=200", trailers, failed]).await;
    }
    let _dropped = soon("the end of the service", dropped.acquire()).await.expect("open");
}

#[tokio::test]
async fn client_that_leaves_ends_the_service_long_before_its_deadline() {
    let dropped = Arc::new(Semaphore::new(0));
    let server = serve(Somebodys::HangsInTheStream(dropped.clone()));
    let mut client = raw::http2(server.address).await;
    let (response, mut sender) = raw::http2_call(&mut client, EXPORT, &[("grpc-timeout", "1H")], EMPTY, true);
    let _body = soon("a response", response).await.expect("a response").into_body();
    sender.send_reset(h2::Reason::CANCEL);
    let _dropped = soon("the end of the service", dropped.acquire()).await.expect("open");
}

#[tokio::test]
async fn deadline_ends_the_service_of_a_reader_that_has_stalled() {
    let dropped = Arc::new(Semaphore::new(0));
    let server = serve(Somebodys::FillsTheStream(dropped.clone()));
    let mut client = raw::http2(server.address).await;
    let (response, _sender) = raw::http2_call(&mut client, EXPORT, &[("grpc-timeout", "500m")], EMPTY, true);
    let mut unread = soon("a response", response).await.expect("a response").into_body();
    let limit = Limits::default().stalled_reader;
    assert!(limit > PATIENCE, "it is not the limit that ends it");
    let _dropped = soon("the end of the service", dropped.acquire()).await.expect("open");

    raw::http2_read(&mut unread).await.expect("whole");
    let trailers = soon("trailers", unread.trailers()).await.expect("whole").expect("trailers");
    assert_eq!(trailers["grpc-status"], "4", "who reads on is told");
}

#[tokio::test]
async fn fault_of_the_client_is_no_failure_of_the_server() {
    let (log, _guard) = Log::catch();
    let server = serve(Somebodys::HangsInTheCall);
    let response = call(&server, LIST, "no timeout").await;
    assert_eq!(response.headers()["grpc-status"], "7", "what is no timeout is none");
    log.line(&[LIST, "status=200", "trailers=none", "grpc_status=7 ended=complete"]).await;
    call(&server, "/axum_trailers.v1.Exports/Nothing", "20S").await;
    log.line(&["Exports/Nothing", "grpc_status=12 ended=failed, reported in grpc-status"]).await;
}

#[tokio::test]
async fn service_that_panics_looks_like_no_success_and_the_server_lives_on() {
    for service in [Somebodys::PanicsInTheCall, Somebodys::PanicsInTheStream] {
        let server = serve(service);
        let mut client = ExportsClient::new(channel(server.address).await);
        let ended = match client.export(ExportRequest::default()).await {
            Ok(response) => {
                let mut rows = response.into_inner();
                loop {
                    match soon("a row or the end", rows.message()).await {
                        Ok(Some(_)) => {}
                        end => break end.map(drop),
                    }
                }
            }
            Err(status) => Err(status),
        };
        ended.expect_err("an error");
        let status = client.list_tables(ListTablesRequest {}).await.expect_err("a status");
        assert_eq!(status.code(), Code::PermissionDenied);
        assert!(status.message().starts_with("127.0.0.1 "), "{status}");
        assert_eq!(server.get(&http2(), "/").await.text().await.expect("text"), "alive");
    }
}

#[tokio::test]
async fn service_gets_the_client_that_a_trusted_proxy_reports() {
    for (trusted, expected) in [("127.0.0.1", "192.0.2.1 "), ("10.0.0.0/8", "127.0.0.1 ")] {
        let service = ExportsServer::new(Somebodys::HangsInTheCall);
        let server = TestServer::with(Router::new(), |server| {
            server.trust_proxy(trusted.parse().expect("a network")).grpc(SERVICE_NAME, service)
        });
        let mut client = ExportsClient::new(channel(server.address).await);
        let mut call = Request::new(ListTablesRequest {});
        call.metadata_mut().insert("x-forwarded-for", "9.9.9.9, 192.0.2.1".parse().expect("a value"));
        let status = client.list_tables(call).await.expect_err("a status");
        assert!(status.message().starts_with(expected), "{status}");
    }
}

#[tokio::test]
async fn only_calls_reach_a_service() {
    let server = serve(Somebodys::PanicsInTheCall);
    let post = |client: reqwest::Client, content_type: &str| {
        client.post(server.url(LIST)).header("content-type", content_type).body(EMPTY).send()
    };
    let problem = async |response: reqwest::Response| {
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        (response.status().as_u16(), response.text().await.expect("text"))
    };
    let (status, why) = problem(post(http1(), "application/grpc").await.expect("a response")).await;
    assert_eq!(status, 505);
    assert!(why.contains("`axum_trailers.v1.Exports` is a gRPC service: call it over HTTP/2"), "{why}");
    for content_type in ["text/plain", "application/grpc-web", "application/grpcx", "application/json"] {
        let (status, why) = problem(post(http2(), content_type).await.expect("a response")).await;
        assert_eq!(status, 415, "{content_type}");
        assert!(why.contains("`application/grpc`"), "{why}");
    }
    for content_type in ["application/grpc", "application/grpc+proto", "application/grpc;charset=utf-8"] {
        let called = post(http2(), content_type).await.expect("a response");
        assert_eq!(
            (called.status().as_u16(), &called.headers()["grpc-status"]),
            (200, &"7".parse().expect("7"))
        );
    }
    let got = server.get(&http2(), LIST).await;
    assert_eq!(got.headers()["allow"], "POST");
    assert_eq!(problem(got).await.0, 405);
}

#[tokio::test]
async fn call_without_a_message_times_out_but_later_messages_may_be_slow() {
    const SHORT: Duration = Duration::from_millis(300);
    let server = serve_limited(Somebodys::HangsInTheCall, with!(Limits { stalled_body: SHORT }));
    let mut client = raw::http2(server.address).await;
    for part in [&b""[..], b"\0\0\0\0\x05four"] {
        let (response, _sender) = raw::http2_call(&mut client, EXPORT, &[], part, false);
        let response = soon("a response", response).await.expect("a response");
        assert_eq!(response.headers()["grpc-status"], "1");
        assert_eq!(response.headers()["grpc-message"], "no message arrived for 300ms");
    }
    let long = serve_limited(Somebodys::HangsInTheCall, Limits::default());
    let mut waits = raw::http2(long.address).await;
    // The server can't send 100 over HTTP/2, so a client that waits for it gets only a part of the time.
    let expect = [("expect", "100-continue")];
    let (response, _sender) = raw::http2_call(&mut waits, EXPORT, &expect, b"", false);
    let response = soon("a response", response).await.expect("a response");
    assert_eq!(response.headers()["grpc-message"], "no message arrived for 2s");
    for first in [&b""[..], EMPTY] {
        let (mut response, _sender) = raw::http2_call(&mut client, EXPORT, &[], first, true);
        match tokio::time::timeout(SHORT * 3, &mut response).await {
            Err(_elapsed) => assert_eq!(first, EMPTY, "the service still works"),
            Ok(response) => {
                assert_eq!(first, b"", "there is no message to wait for");
                assert_ne!(
                    response.expect("a response").headers()["grpc-message"],
                    "no message arrived for 300ms"
                );
            }
        }
    }
}

/// A call's messages may come as slowly as its client likes.
#[tokio::test]
async fn slow_call_is_served_whatever_rate_other_requests_need() {
    const STEP: Duration = Duration::from_millis(50);
    let limits = with!(Limits { min_body_rate: 1_000_000, min_body_rate_period: 4 * STEP });
    let server = serve_limited(Somebodys::HangsInTheStream(Arc::new(Semaphore::new(0))), limits);
    let mut client = raw::http2(server.address).await;
    // An unknown field of 20 bytes, byte by byte.
    let mut message = vec![0, 0, 0, 0, 22, 0x7a, 20];
    message.resize(message.len() + 20, b'x');
    let (response, mut sender) = raw::http2_call(&mut client, EXPORT, &[], &message[..1], false);
    for (n, byte) in message.iter().enumerate().skip(1) {
        tokio::time::sleep(STEP).await;
        let is_last = n + 1 == message.len();
        sender.send_data(bytes::Bytes::copy_from_slice(&[*byte]), is_last).expect("sent");
    }
    let response = soon("a response", response).await.expect("a response");
    assert_eq!(response.status(), 200);
    assert!(!response.headers().contains_key("grpc-status"), "rows follow: {:?}", response.headers());

    let request = http::Request::post("https://localhost/").body(()).expect("a request");
    let (response, mut content) = client.send_request(request, false).expect("sent");
    let slowly = async {
        for _ in 0..40 {
            if content.send_data(bytes::Bytes::from_static(b"x"), false).is_err() {
                break;
            }
            tokio::time::sleep(STEP).await;
        }
    };
    let (response, ()) = tokio::join!(soon("a response", response), slowly);
    assert_eq!(response.expect("a response").status(), 408, "any other request");
}

#[tokio::test]
async fn trailers_of_a_call_are_held_to_the_limits_and_forbidden_ones_are_no_metadata() {
    let limits = with!(Limits { trailer_section: 1024 });
    let server = serve_limited(Somebodys::HangsInTheCall, limits);
    let mut client = raw::http2(server.address).await;
    let mut ask = async |fields: Vec<(&'static str, String)>| {
        let (response, mut sender) = raw::http2_call(&mut client, LIST, &[], EMPTY, false);
        let mut trailers = http::HeaderMap::new();
        for (name, value) in fields {
            trailers.insert(name, value.parse().expect("a value"));
        }
        sender.send_trailers(trailers).expect("sent");
        let response = soon("a response", response).await.expect("a response");
        let told = |name: &str| response.headers()[name].to_str().expect("text").to_owned();
        (told("grpc-status"), told("grpc-message"))
    };
    let (status, metadata) =
        ask(vec![("x-permitted", "1".to_owned()), ("authorization", "a secret".to_owned())]).await;
    assert_eq!(status, "7");
    assert!(metadata.contains("x-permitted") && !metadata.contains("authorization"), "{metadata}");
    for size in [2000, 12_000] {
        let (status, why) = ask(vec![("x-large", "x".repeat(size))]).await;
        assert_ne!(
            (&*status, why.contains("x-large")),
            ("7", true),
            "{size} bytes never reach the service: {why}"
        );
        assert!(why.contains("1024"), "{why}");
    }
}

#[test]
#[should_panic(expected = "is not a valid gRPC service name")]
fn path_is_not_a_service_name() {
    let tls = Tls::from_pem(crate::support::CERTIFICATE, crate::support::KEY).expect("the demo certificate");
    let _server =
        Server::new().tls(tls).grpc("/package.Service", ExportsServer::new(Somebodys::HangsInTheCall));
}

#[test]
#[should_panic(expected = "the gRPC service \"package.Service\" is already registered")]
fn name_has_one_service() {
    let tls = Tls::from_pem(crate::support::CERTIFICATE, crate::support::KEY).expect("the demo certificate");
    let service = ExportsServer::new(Somebodys::HangsInTheCall);
    let _server =
        Server::new().tls(tls).grpc("package.Service", service.clone()).grpc("package.Service", service);
}

//! Readiness, errors and panics of a service.

use crate::support::{
    App, TestServer, http2,
    log::Log,
    metrics::counted,
    protocols::{Protocol, over_each_protocol, read},
    raw, soon,
};
use axum_trailers_server::{Limits, RequestBody};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use http_body_util::Full;
use std::{
    convert::Infallible,
    future::ready,
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll},
    time::Duration,
};
use tokio::sync::{Notify, Semaphore};
use tower::{Service, ServiceBuilder, service_fn};

struct PanicsInDrop;

impl Drop for PanicsInDrop {
    fn drop(&mut self) {
        panic!("on purpose");
    }
}

#[tokio::test]
async fn call_that_panics_because_its_client_leaves_harms_no_other_response() {
    let go_on = Arc::new(Notify::new());
    let told = go_on.clone();
    let service = service_fn(move |request: Request<RequestBody>| {
        let told = told.clone();
        async move {
            let _panics = (request.uri().path() == "/panics").then(|| PanicsInDrop);
            told.notified().await;
            Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("beside")))
        }
    });
    let (server, metrics) = counted(App(service), Limits::default());
    let mut client = raw::http2(server.address).await;
    let request =
        |path: &str| http::Request::get(format!("https://localhost{path}")).body(()).expect("a request");
    let (beside, _) = client.send_request(request("/beside"), true).expect("sent");
    let (leaves, _) = client.send_request(request("/panics"), true).expect("sent");
    metrics.say("streams", 2).await;
    drop(leaves);
    metrics.say("streams", 1).await;
    go_on.notify_waiters();
    let mut body = soon("a response", beside).await.expect("a response").into_body();
    assert_eq!(raw::http2_read(&mut body).await.expect("whole"), b"beside");
}

/// A service that fails or panics in some way.
#[derive(Clone)]
struct Failing(&'static str);

impl Service<Request<RequestBody>> for Failing {
    type Response = Response<Full<Bytes>>;
    type Error = io::Error;
    type Future = BoxFuture<'static, Result<Response<Full<Bytes>>, io::Error>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.0 {
            "panics in poll_ready" => panic!("on purpose"),
            "is never ready" => Poll::Ready(Err(io::Error::other("the pool is closed"))),
            _ => Poll::Ready(Ok(())),
        }
    }

    fn call(&mut self, request: Request<RequestBody>) -> Self::Future {
        if request.uri().path() == "/ok" {
            return Box::pin(ready(Ok(Response::new("ok".into()))));
        }
        match self.0 {
            "panics in call" => panic!("on purpose"),
            "panics in its future" => Box::pin(async { panic!("on purpose") }),
            _ => Box::pin(async { Err(io::Error::other("the pool is closed")) }),
        }
    }
}

over_each_protocol! {
    service_that_fails_or_panics_is_a_logged_500_and_the_connection_lives_on;
}

async fn service_that_fails_or_panics_is_a_logged_500_and_the_connection_lives_on(protocol: Protocol) {
    for (how, is_told) in [
        ("panics in poll_ready", "a handler panicked"),
        ("is never ready", "the application failed"),
        ("panics in call", "a handler panicked"),
        ("panics in its future", "a handler panicked"),
        ("fails", "the application failed"),
    ] {
        let (log, _guard) = Log::catch();
        let server = TestServer::with(App(Failing(how)), |server| server.threads(1));
        let cause = if is_told == "the application failed" { "the pool is closed" } else { "" };
        let client = protocol.client(server.address).await;
        let response = client.get("/").await;
        assert_eq!(response.status(), 500, "{how} over {protocol}");
        assert_eq!(response.headers()["content-type"], "application/problem+json", "{how}");
        let problem = read(response).await.expect("whole").content;
        assert!(!String::from_utf8_lossy(&problem).contains("pool"), "{how}: no detail for the client");
        let over = format!("protocol={protocol:?}");
        log.line(&["ERROR request{", &over, is_told, cause]).await;
        log.line(&["INFO axum_trailers::request:", &over, "status=500", "ended=complete"]).await;

        if !how.contains("ready") && protocol == Protocol::Http1 {
            let next = "GET /ok HTTP/1.1\r\nhost: a\r\n";
            let wire = format!("GET / HTTP/1.1\r\nhost: a\r\n\r\n{next}connection: close\r\n\r\n");
            let wire = raw::http1(server.address, &wire).await;
            assert!(wire.starts_with("HTTP/1.1 500 ") && wire.ends_with("\r\n\r\nok"), "{how}: {wire}");
        }
        let errors = if how.contains("ready") || protocol != Protocol::Http1 { 1 } else { 2 };
        assert_eq!(log.text().matches("ERROR ").count(), errors, "{how}: {}", log.text());
    }
}

/// Waits for a permit per request, and counts the requests that it has.
fn slow(
    permits: &Arc<Semaphore>,
    begun: &Arc<AtomicUsize>,
) -> impl Clone
+ Service<
    Request<RequestBody>,
    Response = Response<Full<Bytes>>,
    Error = Infallible,
    Future: Send + 'static,
> + Send
+ 'static {
    let (permits, begun) = (permits.clone(), begun.clone());
    service_fn(move |_request: Request<RequestBody>| {
        let (permits, begun) = (permits.clone(), begun.clone());
        async move {
            begun.fetch_add(1, SeqCst);
            permits.acquire().await.expect("open").forget();
            Ok::<_, Infallible>(Response::new(Full::from("done")))
        }
    })
}

#[tokio::test]
async fn service_that_is_not_ready_is_waited_for_and_loses_no_permit() {
    let (permits, begun) = (Arc::new(Semaphore::new(0)), Arc::default());
    let service = ServiceBuilder::new().concurrency_limit(1).service(slow(&permits, &begun));
    let (server, metrics) = counted(App(service), Limits::default());
    let ask = |client: &mut h2::client::SendRequest<Bytes>| {
        let request = http::Request::get("https://localhost/").body(()).expect("a request");
        client.send_request(request, true).expect("sent").0
    };
    let answer = async |response: h2::client::ResponseFuture| {
        let mut body = soon("a response", response).await.expect("a response").into_body();
        assert_eq!(raw::http2_read(&mut body).await.expect("whole"), b"done");
    };
    for _round in 0..3 {
        begun.store(0, SeqCst);
        let mut one = raw::http2(server.address).await;
        let mut other = raw::http2(server.address).await;
        let waiting = [ask(&mut one), ask(&mut one), ask(&mut other), ask(&mut other)];
        let left = ask(&mut one);
        metrics.say("streams", 5).await;
        assert_eq!(begun.load(SeqCst), 1, "the others are not called");
        // A request whose client leaves while it waits takes no permit with it.
        drop(left);
        metrics.say("streams", 4).await;
        permits.add_permits(4);
        for response in waiting {
            answer(response).await;
        }
        assert_eq!(begun.load(SeqCst), 4);
    }
    assert_eq!(permits.available_permits(), 0, "one per request");
}

/// Is ready for the first time when it is told to.
#[derive(Clone)]
struct Late(Arc<AtomicBool>, Arc<Notify>, Arc<AtomicUsize>);

impl Service<Request<RequestBody>> for Late {
    type Response = Response<Full<Bytes>>;
    type Error = io::Error;
    type Future = std::future::Ready<Result<Response<Full<Bytes>>, io::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.2.fetch_add(1, SeqCst);
        if self.0.load(SeqCst) {
            return Poll::Ready(Err(io::Error::other("the pool is closed")));
        }
        let (waker, told) = (cx.waker().clone(), self.1.clone());
        tokio::spawn(async move {
            told.notified().await;
            waker.wake();
        });
        Poll::Pending
    }

    fn call(&mut self, _request: Request<RequestBody>) -> Self::Future {
        panic!("it is never ready")
    }
}

#[tokio::test]
async fn service_that_fails_while_it_is_waited_for_is_a_500() {
    let (log, _guard) = Log::catch();
    let late = Late(Arc::default(), Arc::default(), Arc::default());
    let server = TestServer::with(App(late.clone()), |server| server.threads(1));
    let client = http2();
    let request = tokio::spawn(client.get(server.url("/")).send());
    soon("a poll", async {
        while late.2.load(SeqCst) < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    late.0.store(true, SeqCst);
    late.1.notify_waiters();
    let response = soon("a response", request).await.expect("no panic").expect("a response");
    assert_eq!(response.status(), 500);
    log.line(&["ERROR request{", "the application failed", "the pool is closed"]).await;
}

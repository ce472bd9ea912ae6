//! What a service gets of a request, and whose requests are counted by route.

use crate::support::{
    App, TestServer, channel, http2,
    log::Log,
    metrics::counted,
    protocols::{Protocol, over_each_protocol},
    soon,
    upload::Upload,
};
use axum_08::{Router, extract::ConnectInfo, routing::get};
use axum_trailers::{request::RequestBody as Reading, trailers::server::ConnectionInfo};
use axum_trailers_server::{Limits, RequestBody};
use bytes::Bytes;
use futures_util::StreamExt;
use http::{Request, Response};
use http_body_util::Full;
use std::{convert::Infallible, net::SocketAddr};
use tonic_health::{pb::health_client::HealthClient, server::health_reporter};
use tower::{ServiceBuilder, service_fn};

over_each_protocol! {
    request_content_is_read_by_the_service_with_its_limits;
    application_gets_the_client_and_the_proxy_that_reports_it;
}

async fn request_content_is_read_by_the_service_with_its_limits(protocol: Protocol) {
    let service = service_fn(|request: Request<RequestBody>| async move {
        let mut content = Reading::new(request);
        let mut length = 0;
        while let Some(chunk) = content.next().await {
            length += chunk?.len();
        }
        let trailers = content.trailers().await?;
        let account = format!("{length} bytes, {:?}", trailers.as_map());
        Ok::<_, axum_trailers::BoxError>(Response::new(Full::<Bytes>::from(account)))
    });
    let server = TestServer::start(App(service));

    let request = Upload { chunks: &["fo", "ur"], trailers: &[("x-sum", "1")], ..Upload::default() };
    let answer = request.send(protocol, server.address).await;
    assert_eq!((answer.status, &*answer.content), (200, r#"4 bytes, {"x-sum": "1"}"#), "{protocol}");
    // The service returns the error, and the server knows better than 500.
    let too_many = Upload { trailers: &[("x-sum", "1"); 70], ..request };
    assert_eq!(too_many.send(protocol, server.address).await.status, 431, "{protocol}");
}

#[tokio::test]
async fn router_inside_of_another_service_has_no_routes_for_metrics() {
    let router = Router::new().route("/{name}", get(|| async { "ok" }));
    let inside = ServiceBuilder::new().concurrency_limit(10).service(router.clone());
    for ((server, metrics), route) in
        [(counted(router, Limits::default()), "/{name}"), (counted(App(inside), Limits::default()), "none")]
    {
        assert_eq!(server.get(&http2(), "/a").await.status(), 200);
        metrics.say(&format!(r#"requests_total{{protocol="HTTP/2",route="{route}",status="200"}}"#), 1).await;
        assert_eq!(server.get(&http2(), "/a/b").await.status(), 404);
        metrics.say(r#"requests_total{protocol="HTTP/2",route="none",status="404"}"#, 1).await;
    }
}

#[tokio::test]
async fn routes_of_tonic_are_an_application() {
    let (reporter, health) = health_reporter();
    reporter.set_service_status("a", tonic_health::ServingStatus::Serving).await;
    let (log, _guard) = Log::catch();
    let server = TestServer::start(App(tonic::service::Routes::new(health).prepare()));
    let mut client = HealthClient::new(channel(server.address).await);
    let request = |name: &str| tonic_health::pb::HealthCheckRequest { service: name.to_owned() };
    let status = client.check(request("a")).await.expect("a status").into_inner().status;
    assert_eq!(status, 1, "serving");
    let error = client.check(request("b")).await.expect_err("unknown");
    assert_eq!(error.code(), tonic::Code::NotFound);
    let mut watch = client.watch(request("a")).await.expect("a watch").into_inner();
    assert_eq!(watch.message().await.expect("a message").expect("one").status, 1);
    reporter.set_service_status("a", tonic_health::ServingStatus::NotServing).await;
    let told = soon("a message", watch.message()).await.expect("a message").expect("one");
    assert_eq!(told.status, 2, "not serving");
    log.line(&["/grpc.health.v1.Health/Check", "trailers=grpc-status", "ended=complete"]).await;
    assert_eq!(server.get(&http2(), "/other").await.headers()["grpc-status"], "12", "unimplemented");
}

async fn application_gets_the_client_and_the_proxy_that_reports_it(protocol: Protocol) {
    let service = service_fn(|request: Request<RequestBody>| async move {
        let connection: &ConnectionInfo = request.extensions().get().expect("who the client is");
        let axum: &ConnectInfo<SocketAddr> = request.extensions().get().expect("the same for axum");
        assert_eq!(connection.client(), axum.0);
        let account = format!("{} by {:?}", connection.client(), connection.peer().map(|peer| peer.ip()));
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::from(account)))
    });
    let server =
        TestServer::with(App(service), |server| server.trust_proxy("127.0.0.1".parse().expect("a network")));
    let client = protocol.client(server.address).await;
    let response = client.request("GET", "/").header("x-forwarded-for", "192.0.2.1").send().await;
    let account = response.expect("a response").text().await.expect("whole");
    assert_eq!(account, "192.0.2.1:0 by Some(127.0.0.1)");
}

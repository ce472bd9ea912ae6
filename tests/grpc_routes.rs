//! A tonic service that is a route of axum 0.8 has the limits of a route, other than one of `Server::grpc`.

use crate::support::{TestServer, channel, http2, soon};
use axum_08::Router;
use axum_trailers_server::Limits;
use axum_trailers_workbench::export::grpc;
use std::time::Duration;
use tokio::{sync::mpsc, time::timeout};
use tokio_stream::wrappers::ReceiverStream;
use tonic_health::pb::health_server;
use tonic_reflection::pb::v1::{
    ServerReflectionRequest,
    server_reflection_client::ServerReflectionClient,
    server_reflection_request::MessageRequest,
    server_reflection_server::{SERVICE_NAME, ServerReflection, ServerReflectionServer},
};

const LIMIT: Duration = Duration::from_millis(200);

/// The path of all methods of a service.
fn methods(service: &str) -> String {
    format!("/{service}/{{method}}")
}

fn limited(stalled_body: Duration) -> Limits {
    let mut limits = Limits::default();
    limits.stalled_body = stalled_body;
    limits
}

fn mounted(reflection: ServerReflectionServer<impl ServerReflection>) -> TestServer {
    TestServer::with(Router::new(), |server| server.limits(limited(LIMIT)).grpc(SERVICE_NAME, reflection))
}

fn routed(reflection: ServerReflectionServer<impl ServerReflection>) -> TestServer {
    TestServer::limited(Router::new().route_service(&methods(SERVICE_NAME), reflection), limited(LIMIT))
}

#[tokio::test]
async fn client_may_pause_between_its_messages_unless_the_service_is_a_route() {
    for (server, is_route) in [(mounted(grpc::reflection()), false), (routed(grpc::reflection()), true)] {
        let question = || ServerReflectionRequest {
            message_request: Some(MessageRequest::ListServices(String::new())),
            ..ServerReflectionRequest::default()
        };
        let (questions, asked) = mpsc::channel(1);
        questions.send(question()).await.expect("room");
        let mut reflection = ServerReflectionClient::new(channel(server.address).await);
        let answers = reflection.server_reflection_info(ReceiverStream::new(asked)).await.expect("answers");
        let mut answers = answers.into_inner();
        answers.message().await.expect("an answer").expect("one");
        if is_route {
            soon("a cut", answers.message()).await.expect_err("it is cut");
        } else {
            timeout(LIMIT * 3, answers.message()).await.expect_err("it waits");
            questions.send(question()).await.expect("room");
            soon("an answer", answers.message()).await.expect("an answer").expect("one");
        }
    }
}

#[tokio::test]
async fn deadline_is_enforced_unless_the_service_is_a_route() {
    for is_route in [false, true] {
        let (_serving, health) = grpc::health().await;
        let server = if is_route {
            TestServer::start(Router::new().route_service(&methods(health_server::SERVICE_NAME), health))
        } else {
            TestServer::with(Router::new(), |server| server.grpc(health_server::SERVICE_NAME, health))
        };
        let call = http2().post(server.url("/grpc.health.v1.Health/Watch")).body(&b"\0\0\0\0\0"[..]);
        let call = call.header("content-type", "application/grpc").header("grpc-timeout", "200m");
        let mut response = call.header("te", "trailers").send().await.expect("a response");
        response.chunk().await.expect("a chunk").expect("the first message");
        let next = timeout(LIMIT * 3, response.chunk()).await;
        assert_eq!(next.is_err(), is_route, "whether it goes on: {next:?}");
    }
}

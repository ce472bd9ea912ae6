//! `axum_trailers_server::testing`, as users' tests use it.

use super::prelude::{Router, get};
use crate::support::{self, PATIENCE, Served, read, soon, with};
use axum_trailers::layers::ContentDigestLayer;
use axum_trailers_server::{Limits, testing::TestServer};
use std::{sync::Arc, time::Duration};
use tokio::sync::Notify;

fn app() -> Router {
    Router::new().route("/", get(|| async { "hello\n" })).layer(ContentDigestLayer::new())
}

fn trusting(server: &TestServer) -> reqwest::Client {
    let certificate = reqwest::Certificate::from_pem(server.certificate_pem().as_bytes()).expect("PEM");
    reqwest::Client::builder().tls_certs_only([certificate]).build().expect("a client")
}

#[tokio::test]
async fn client_that_trusts_its_certificate_gets_trailers() {
    let server = TestServer::start(app().application());
    let response = trusting(&server).get(server.url("/")).header("te", "trailers").send().await;
    let ending = read(response.expect("a response")).await.expect("a whole body");
    assert_eq!(ending.content, b"hello\n");
    let trailers = ending.trailers.expect("a trailer section");
    assert_eq!(trailers["content-digest"], "sha-256=:WJG1tSLV3whtD/CxEPvZ0hu0/HFjrzTQgoai6Eb2vgM=:");
}

#[tokio::test]
async fn plain_server_speaks_both_protocols() {
    let limits = with!(Limits { streams: 7 });
    for server in [
        TestServer::start_plain(app().application()),
        TestServer::start_plain_with(app().application(), |server| server.limits(limits)),
    ] {
        for client in [support::builder().http2_prior_knowledge(), support::builder().http1_only()] {
            let client = client.build().expect("a client");
            let response = client.get(server.url("/")).header("te", "trailers").send().await;
            let ending = read(response.expect("a response")).await.expect("a whole body");
            assert!(ending.trailers.expect("a trailer section").contains_key("content-digest"));
        }
    }
}

#[tokio::test]
#[should_panic(expected = "a server over plain HTTP has no certificate")]
async fn plain_server_has_no_certificate() {
    let server = TestServer::start_plain(app().application());
    let _never = server.certificate_pem();
}

#[tokio::test]
async fn no_other_certificate_is_trusted() {
    let (server, other) = (TestServer::start(app().application()), TestServer::start(app().application()));
    for client in [trusting(&other), support::http2()] {
        let error = client.get(server.url("/")).send().await.expect_err("an unknown certificate");
        assert!(error.is_connect(), "{error:?}");
    }
}

#[tokio::test]
async fn limits_can_be_set() {
    let limits = with!(Limits { connections: 1 });
    let server = TestServer::start_with(app().application(), |server| server.limits(limits));
    let (first, second) = (trusting(&server), trusting(&server));
    first.get(server.url("/")).send().await.expect("the one connection");
    second.get(server.url("/")).send().await.expect_err("one too many");
}

#[tokio::test]
async fn shutdown_lets_responses_end_and_drop_cuts_them() {
    let begun = Arc::new(Notify::new());
    let start = |begun: Arc<Notify>| {
        let slow = || async move {
            begun.notify_one();
            tokio::time::sleep(Duration::from_millis(300)).await;
        };
        TestServer::start(Router::new().route("/", get(slow)).application())
    };
    let server = start(begun.clone());
    let request = tokio::spawn(trusting(&server).get(server.url("/")).send());
    soon("the request", begun.notified()).await;
    soon("the end", server.shutdown(PATIENCE)).await.expect("a clean end");
    request.await.expect("no panic").expect("a whole response");

    let server = start(begun.clone());
    let request = tokio::spawn(trusting(&server).get(server.url("/")).send());
    soon("the request", begun.notified()).await;
    drop(server);
    request.await.expect("no panic").expect_err("a cut response");
}

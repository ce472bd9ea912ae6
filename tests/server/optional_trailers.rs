//! Trailers that need not follow, only report a failure, or are not declared: what the server announces and sends over
//! each protocol. (`lines.rs` has the same for a field of failures.)

use super::prelude::{IntoResponse, Router, get};
use crate::support::{
    TestServer,
    log::Log,
    metrics::{Metrics, counted},
    protocols::{Protocol, over_each_protocol, read},
    upload::fields,
};
use axum_trailers::{
    body::{self, FinishError, Sender},
    declared,
    trailers::{Declaration, Trailers},
};
use axum_trailers_server::Limits;

fn produced(
    declaration: Declaration,
    end: impl FnOnce(Sender) -> Result<(), FinishError> + Send + 'static,
) -> impl IntoResponse {
    body::produce(64, declaration, |mut sender| async move {
        sender.send("a").await?;
        Ok(end(sender)?)
    })
}

fn trailers(fields: &[(&str, &str)]) -> Trailers {
    let mut trailers = Trailers::new();
    for (name, value) in fields {
        trailers.insert(*name, *value).expect("permitted");
    }
    trailers
}

fn server() -> (TestServer, Metrics) {
    let optional = || Declaration::required(declared!["x-rows"]).optional(declared!["x-cursor"]);
    let undeclared = || Declaration::required(declared!["x-rows"]).undeclared();
    let app = Router::new()
        .route(
            "/last",
            get(move || async move { produced(optional(), |s| s.finish(trailers(&[("x-rows", "1")]))) }),
        )
        .route(
            "/more",
            get(move || async move {
                produced(optional(), |s| s.finish(trailers(&[("x-rows", "1"), ("x-cursor", "b")])))
            }),
        )
        .route(
            "/other",
            get(move || async move {
                produced(undeclared(), |s| s.finish(trailers(&[("x-rows", "1"), ("x-other", "b")])))
            }),
        )
        .route(
            "/only-other",
            get(|| async {
                let any = Declaration::default().undeclared();
                produced(any, |s| s.finish(trailers(&[("x-other", "b")])))
            }),
        )
        .route(
            "/fails",
            get(move || async move {
                produced(undeclared(), |s| s.fail_with_trailers(trailers(&[("x-other", "b")])))
            }),
        );
    counted(app, Limits::default())
}

over_each_protocol! {
    optional_field_is_announced_over_http1_only_and_its_absence_is_no_fault;
    undeclared_field_is_sent_or_over_http1_dropped_logged_and_counted;
    field_of_failures_is_announced_and_empty_over_http1_and_otherwise_absent;
    failure_reported_only_in_an_undeclared_field_cuts_the_transfer_over_http1;
}

async fn optional_field_is_announced_over_http1_only_and_its_absence_is_no_fault(protocol: Protocol) {
    let (log, _guard) = Log::catch();
    let (server, _) = server();
    let client = protocol.client(server.address).await;
    let announced = if protocol == Protocol::Http1 { "x-rows, x-cursor" } else { "x-rows" };
    for (path, sent) in [("/last", &[("x-rows", "1")][..]), ("/more", &[("x-rows", "1"), ("x-cursor", "b")])]
    {
        let response = client.get(path).await;
        assert_eq!(response.field("trailer"), announced, "{path}");
        assert_eq!(read(response).await.expect("no error").trailers, Some(fields(sent)), "{path}");
    }
    log.line(&[r#"request_target="/more""#, protocol.name(), "ended=complete"]).await;
    assert!(!log.text().contains("announced trailer field was not sent"), "{}", log.text());
}

async fn undeclared_field_is_sent_or_over_http1_dropped_logged_and_counted(protocol: Protocol) {
    let (log, _guard) = Log::catch();
    let (server, metrics) = server();
    let client = protocol.client(server.address).await;
    let response = client.get("/other").await;
    assert_eq!(response.field("trailer"), "x-rows");
    let of_other = read(response).await.expect("no error").trailers;
    let response = client.get("/only-other").await;
    assert_eq!(response.field("trailer"), "");
    let of_only_other = read(response).await.expect("no error").trailers;
    if protocol != Protocol::Http1 {
        assert_eq!(of_other, Some(fields(&[("x-rows", "1"), ("x-other", "b")])));
        assert_eq!(of_only_other, Some(fields(&[("x-other", "b")])));
        return;
    }
    assert_eq!(of_other, Some(fields(&[("x-rows", "1")])));
    assert_eq!(of_only_other, None);
    log.line(&["WARN", "unannounced trailer field omitted over HTTP/1.1", "x-other"]).await;
    log.line(&[r#"request_target="/other""#, "HTTP/1.1", "trailers=x-rows", "ended=complete"]).await;
    log.line(&[r#"request_target="/only-other""#, "HTTP/1.1", "trailers=withheld (not announced)"]).await;
    let series = r#"trailer_sections_withheld_total{agent="none",protocol="HTTP/1.1",proxied="false",reason="unannounced"}"#;
    metrics.say(series, 2).await;
}

async fn field_of_failures_is_announced_and_empty_over_http1_and_otherwise_absent(protocol: Protocol) {
    let declaration = || Declaration::required(declared!["x-rows"]).on_failure(declared!["x-error"]);
    let finishes = move || async move { produced(declaration(), |s| s.finish(trailers(&[("x-rows", "1")]))) };
    let fails = move || async move {
        produced(declaration(), |s| s.fail_with_trailers(trailers(&[("x-error", "lost")])))
    };
    let app = Router::new().route("/finishes", get(finishes)).route("/fails", get(fails));
    let server = TestServer::start(app);
    let client = protocol.client(server.address).await;
    let is_http1 = protocol == Protocol::Http1;
    let at_the_end = if is_http1 { &[("x-rows", "1"), ("x-error", "")][..] } else { &[("x-rows", "1")] };
    for (path, sent) in [("/finishes", at_the_end), ("/fails", &[("x-error", "lost")])] {
        let response = client.get(path).await;
        let announced = if is_http1 { "x-rows, x-error" } else { "x-rows" };
        assert_eq!(response.field("trailer"), announced, "{path}");
        assert_eq!(read(response).await.expect("whole").trailers, Some(fields(sent)), "{path}");
    }
    if protocol.needs_te() {
        let response = client.request("GET", "/fails").send().await.expect("a response");
        let cut = read(response).await.expect_err("cut without `TE`");
        assert_eq!(cut.why, protocol.failure());
        assert!(b"a".starts_with(&cut.content), "{cut:?}");
    }
}

async fn failure_reported_only_in_an_undeclared_field_cuts_the_transfer_over_http1(protocol: Protocol) {
    let (server, _) = server();
    let client = protocol.client(server.address).await;
    match read(client.get("/fails").await).await {
        Ok(ending) => {
            assert_ne!(protocol, Protocol::Http1, "it can't be announced");
            assert_eq!(ending.trailers, Some(fields(&[("x-other", "b")])));
        }
        Err(cut) => {
            assert_eq!((protocol, cut.why, &*cut.content), (Protocol::Http1, protocol.failure(), &b"a"[..]));
        }
    }
}

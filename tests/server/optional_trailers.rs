//! Trailers that need not follow, only report a failure, or are not declared: what the server announces and sends over
//! each protocol. (`lines.rs` has the same for a field of failures.)

use super::prelude::{IntoResponse, Router, get};
use crate::support::{
    TestServer, http2,
    log::Log,
    metrics::{Metrics, counted},
    raw, read,
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

/// Everything that a server sends over HTTP/1.1 to a client that accepts trailers.
async fn over_http1(server: &TestServer, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close, te\r\nte: trailers\r\n\r\n");
    raw::http1(server.address, &request).await
}

#[tokio::test]
async fn optional_field_is_announced_over_http1_only_and_its_absence_is_no_fault() {
    let (log, _guard) = Log::catch();
    let (server, _) = server();
    for (path, sent) in [("/last", &[("x-rows", "1")][..]), ("/more", &[("x-rows", "1"), ("x-cursor", "b")])]
    {
        let response = server.get(&http2(), path).await;
        assert_eq!(response.headers()["trailer"], "x-rows", "{path}");
        assert_eq!(read(response).await.expect("no error").trailers, Some(fields(sent)), "{path}");

        let response = over_http1(&server, path).await;
        assert!(response.contains("\r\ntrailer: x-rows, x-cursor\r\n"), "{response}");
        let section: String = sent.iter().map(|(name, value)| [name, ": ", value, "\r\n"].concat()).collect();
        assert!(response.ends_with(&format!("\r\n0\r\n{section}\r\n")), "{response}");
    }
    log.line(&[r#"request_target="/more""#, "HTTP/1.1", "ended=complete"]).await;
    assert!(!log.text().contains("announced trailer field was not sent"), "{}", log.text());
}

#[tokio::test]
async fn undeclared_field_is_sent_over_http2_and_over_http1_dropped_logged_and_counted() {
    let (log, _guard) = Log::catch();
    let (server, metrics) = server();
    let response = server.get(&http2(), "/other").await;
    assert_eq!(response.headers()["trailer"], "x-rows");
    let sent = read(response).await.expect("no error").trailers;
    assert_eq!(sent, Some(fields(&[("x-rows", "1"), ("x-other", "b")])));
    let sent = read(server.get(&http2(), "/only-other").await).await.expect("no error").trailers;
    assert_eq!(sent, Some(fields(&[("x-other", "b")])));

    let response = over_http1(&server, "/other").await;
    assert!(response.ends_with("\r\n0\r\nx-rows: 1\r\n\r\n"), "{response}");
    let response = over_http1(&server, "/only-other").await;
    assert!(response.ends_with("\r\n0\r\n\r\n") && !response.contains("trailer: "), "{response}");

    log.line(&["WARN", "unannounced trailer field omitted over HTTP/1.1", "x-other"]).await;
    log.line(&[r#"request_target="/other""#, "HTTP/1.1", "trailers=x-rows", "ended=complete"]).await;
    log.line(&[r#"request_target="/only-other""#, "HTTP/1.1", "trailers=withheld (not announced)"]).await;
    let series = r#"trailer_sections_withheld_total{agent="none",protocol="HTTP/1.1",proxied="false",reason="unannounced"}"#;
    metrics.say(series, 2).await;
}

#[tokio::test]
async fn field_of_failures_is_announced_and_empty_over_http1_and_absent_over_http2() {
    let declaration = || Declaration::required(declared!["x-rows"]).on_failure(declared!["x-error"]);
    let finishes = move || async move { produced(declaration(), |s| s.finish(trailers(&[("x-rows", "1")]))) };
    let fails = move || async move {
        produced(declaration(), |s| s.fail_with_trailers(trailers(&[("x-error", "lost")])))
    };
    let app = Router::new().route("/finishes", get(finishes)).route("/fails", get(fails));
    let server = TestServer::start(app);
    for (path, over_http2, over_http1) in [
        ("/finishes", ("x-rows", "1"), "x-rows: 1\r\nx-error: \r\n"),
        ("/fails", ("x-error", "lost"), "x-error: lost\r\n"),
    ] {
        let response = server.get(&http2(), path).await;
        assert_eq!(response.headers()["trailer"], "x-rows", "{path}");
        assert_eq!(read(response).await.expect("whole").trailers, Some(fields(&[over_http2])), "{path}");
        let response = self::over_http1(&server, path).await;
        assert!(response.contains("\r\ntrailer: x-rows, x-error\r\n"), "{response}");
        assert!(response.ends_with(&format!("\r\n0\r\n{over_http1}\r\n")), "{response}");
    }
    let request = "GET /fails HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    let response = raw::http1(server.address, request).await;
    assert!(response.ends_with("\r\n1\r\na\r\n"), "cut without `TE`: {response}");
}

#[tokio::test]
async fn failure_reported_only_in_an_undeclared_field_cuts_the_transfer_over_http1() {
    let (server, _) = server();
    let ending = read(server.get(&http2(), "/fails").await).await.expect("a whole message");
    assert_eq!(ending.trailers, Some(fields(&[("x-other", "b")])));
    let response = over_http1(&server, "/fails").await;
    assert!(response.ends_with("\r\n1\r\na\r\n"), "no last chunk: {response}");
}

//! What a request's log line contains about the request, and the id that identifies it in other logs.

use super::prelude::{
    Extension, HeaderMap, HeaderName, HeaderValue, IntoResponse, Router, StatusCode, foreign, get, post,
    producer::{declared, rows},
};
use crate::support::{
    TestServer,
    log::Log,
    metrics::counted,
    protocols::{Protocol, over_each_protocol, read},
    raw,
    upload::Upload,
};
use axum_trailers::{
    body,
    hints::{Relayed, Routine},
    request::CollectedBody,
    trailers::Declared,
};
use axum_trailers_server::Limits;
use std::time::Duration;

/// A server that reads each request to its end.
fn reading() -> TestServer {
    let read = async |body: CollectedBody| body.content.len().to_string();
    TestServer::start(Router::new().fallback(read))
}

async fn line_says_where_a_request_came_from_and_what_came_with_it(protocol: Protocol) {
    let (log, _guard) = Log::catch();
    let server = reading();
    let path = "/a%20b?q=1&r=%22";
    let request = Upload {
        method: "POST",
        path,
        fields: &[
            ("te", "trailers"),
            ("trailer", "x-sum, x-late, authorization"),
            ("user-agent", "Go-http-client/2.0"),
            ("via", "1.1 inner"),
            ("via", "2 outer"),
            ("x-request-id", "b4f2"),
        ],
        chunks: &["first ", "second"],
        trailers: &[("x-sum", "1"), ("x-more", "2"), ("x-sum", "3")],
    };
    let answer = request.send(protocol, server.address).await;
    assert_eq!((answer.status, answer.field("x-request-id")), (200, "b4f2"), "{protocol}");
    log.line(&[
        "INFO axum_trailers::request: client=127.0.0.1:",
        " peer=127.0.0.1:",
        " request_id=b4f2 method=POST host=\"",
        &format!(" request_target={path:?} protocol={protocol:?} agent=\"Go\""),
        " via=\"1.1 inner, 2 outer\" proxied=true te=\"trailers\" status=200 bytes_in=12 bytes_out=2 ",
        " first_byte_ms=",
        " duration_ms=",
        " request_trailers=\"x-sum,x-more\" request_trailers_missing=\"x-late\" trailers=none ended=complete",
    ])
    .await;
}

#[tokio::test]
async fn line_omits_fields_that_a_request_lacks() {
    let (log, _guard) = Log::catch();
    let server = reading();
    raw::http1(server.address, "GET / HTTP/1.0\r\n\r\n").await;
    log.line(&[
        "method=GET request_target=\"/\" protocol=\"HTTP/1.0\" agent=\"none\" proxied=false status=200 bytes_in=0",
        "trailers=none ended=complete",
    ])
    .await;
    assert!(!log.text().contains("request_trailers"), "{}", log.text());
}

#[tokio::test]
async fn trailer_is_missing_only_once_the_request_has_ended() {
    let (log, _guard) = Log::catch();
    let early = Router::new().route("/early", post(|| async { StatusCode::FORBIDDEN }));
    let server = TestServer::start(early);
    let head = "host: a\r\ntransfer-encoding: chunked\r\ntrailer: x-sum\r\n\r\n5\r\nhello\r\n";
    raw::http1(server.address, &format!("POST /early HTTP/1.1\r\n{head}")).await;
    log.line(&["request_target=\"/early\"", "status=403"]).await;
    assert!(!log.text().contains("request_trailers_missing"), "{}", log.text());

    // A request without content is complete at once.
    raw::http1(
        server.address,
        "GET /none HTTP/1.1\r\nhost: a\r\ntrailer: x-sum\r\nconnection: close\r\n\r\n",
    )
    .await;
    log.line(&["request_target=\"/none\"", "request_trailers_missing=\"x-sum\""]).await;
}

over_each_protocol! {
    line_says_where_a_request_came_from_and_what_came_with_it;
    unread_content_is_counted_as_far_as_it_arrived;
    request_id_is_a_short_token_that_comes_back;
    announced_trailer_that_never_comes_is_a_warning_unless_it_is_relayed;
}

async fn unread_content_is_counted_as_far_as_it_arrived(protocol: Protocol) {
    let (log, _guard) = Log::catch();
    let waits = async || {
        tokio::time::sleep(Duration::from_millis(300)).await;
        StatusCode::NOT_FOUND
    };
    let server = TestServer::start(Router::new().fallback(waits));

    let request = Upload {
        method: "POST",
        path: "/unread",
        chunks: &["first ", "second"],
        trailers: &[("x-sum", "1")],
        ..Upload::default()
    };
    let answer = request.send(protocol, server.address).await;
    assert_eq!(answer.status, 404, "{protocol}");
    let came = " status=404 bytes_in=12 ";
    log.line(&[&format!(" protocol={protocol:?} "), came, " request_trailers=\"x-sum\" "]).await;
}

async fn request_id_is_a_short_token_that_comes_back(protocol: Protocol) {
    let (log, _guard) = Log::catch();
    let own = async || ([("x-request-id", "of-the-application")], "ok");
    let no_token = async || ([("x-request-id", "no token")], "ok");
    let app = Router::new()
        .route("/", get(|| async { "ok" }))
        .route("/own", get(own))
        .route("/no-token", get(no_token));
    let server = TestServer::start(app);
    let longest = "a".repeat(64);
    let client = protocol.client(server.address).await;
    let protocol = format!(" protocol={protocol:?} ");
    let id = async |path: &str, name: &str, value: &str| {
        let response = client.request("GET", path).header(name, value).send().await.expect("a response");
        let ids: Vec<_> = response.headers().get_all("x-request-id").iter().cloned().collect();
        assert_eq!(ids.len(), 1, "{ids:?}");
        ids[0].to_str().expect("text").to_owned()
    };
    for (name, value) in [("x-request-id", "b-1"), ("x-check-id", "c.2"), ("x-request-id", &longest)] {
        assert_eq!(id("/", name, value).await, value);
        log.line(&[&protocol, &format!("request_id={value} ")]).await;
    }
    for (name, value) in [("x-request-id", "no token"), ("x-check-id", &*format!("{longest}a")), ("x", "y")] {
        let made = id("/nothing", name, value).await;
        let (connection, number) = made.split_once('-').expect("of two parts");
        assert!(connection.len() == 16 && number.parse::<usize>().is_ok(), "{made}");
        log.line(&[&protocol, &format!("request_id={made} "), "status=404"]).await;
    }
    assert_ne!(id("/", "x", "y").await, id("/", "x", "y").await);
    assert_eq!(id("/own", "x-request-id", "b-1").await, "of-the-application");
    log.line(&[&protocol, "request_id=of-the-application ", "request_target=\"/own\""]).await;
    assert_eq!(id("/no-token", "x-request-id", "b-1").await, "no token", "it is the application's");
    log.line(&[&protocol, "request_id=b-1 ", "request_target=\"/no-token\""]).await;

    let refused = raw::http1(
        server.address,
        "GET / HTTP/1.1\r\nhost: a:b\r\nx-check-id: c\r\nconnection: close\r\n\r\n",
    )
    .await;
    assert!(refused.starts_with("HTTP/1.1 400 ") && refused.contains("\r\nx-request-id: c\r\n"), "{refused}");
}

#[tokio::test]
async fn routine_request_is_logged_at_debug_unless_it_fails() {
    let (log, _guard) = Log::catch_all();
    let ok = async || (Extension(Routine), "ok");
    let fails = async || (Extension(Routine), body::channel(1024, declared()).1);
    let refuses = async || (Extension(Routine), StatusCode::SERVICE_UNAVAILABLE);
    let app = Router::new().route("/ok", get(ok)).route("/fails", get(fails)).route("/refuses", get(refuses));
    let server = TestServer::start(app);
    for path in ["/ok", "/fails", "/refuses"] {
        drop(Protocol::Http2.client(server.address).await.get(path).await.bytes().await);
    }
    for (level, path) in [("DEBUG", "/ok"), (" INFO", "/fails"), (" INFO", "/refuses")] {
        let line = format!("{level} axum_trailers::request: client=");
        log.line(&[&line, &format!("request_target={path:?}")]).await;
    }
}

async fn announced_trailer_that_never_comes_is_a_warning_unless_it_is_relayed(protocol: Protocol) {
    let (log, _guard) = Log::catch();
    let sends = || {
        let (sender, body) = body::channel(1024, declared());
        sender.finish(rows(1)).expect("as declared");
        let mut response = body.into_response();
        Declared::new(["x-late"]).expect("a permitted field").write(response.headers_mut());
        response
    };
    let sum = || HeaderMap::from_iter([(HeaderName::from_static("x-sum"), HeaderValue::from_static("1"))]);
    let app = Router::new()
        .route("/own", get(move || async move { sends() }))
        .route("/relayed", get(move || async move { (Extension(Relayed), sends()) }))
        .route(
            "/relayed-unannounced",
            get(move || async move { (Extension(Relayed), foreign(None, sum())) }),
        );
    let server = TestServer::start(app);
    let client = protocol.client(server.address).await;
    for path in ["/own", "/relayed"] {
        read(client.get(path).await).await.expect("whole");
    }
    let relayed = "relayed trailer field was announced but not sent";
    log.line(&[" INFO ", &format!("protocol={protocol:?}}}"), relayed, "name=\"x-late\""]).await;
    log.line(&[" WARN ", "request_target=\"/own\"", "announced trailer field was not sent name=\"x-late\""])
        .await;
    let http1 = Protocol::Http1.client(server.address).await;
    read(http1.get("/relayed-unannounced").await).await.expect("whole");
    let left_out = "unannounced relayed trailer field omitted over HTTP/1.1";
    log.line(&[" INFO ", left_out, "name=x-sum"]).await;
    assert_eq!(log.text().matches("WARN").count(), 1, "{}", log.text());
}

#[tokio::test]
async fn metrics_of_trailers_say_which_clients_lose_them() {
    let sends = async || {
        let (sender, body) = body::channel(1024, declared());
        sender.finish(rows(1)).expect("as declared");
        body
    };
    let (server, metrics) = counted(Router::new().route("/", get(sends)), Limits::default());
    for (protocol, agent, via, te) in [
        (Protocol::Http2, "curl/7.88.1", None, None),
        (Protocol::Http1, "okhttp/4.12.0", Some("1.1 a"), None),
        (Protocol::Http1, "something", None, Some("trailers")),
    ] {
        let client = protocol.client(server.address).await;
        let mut request = client.request("GET", "/").header("user-agent", agent);
        for (name, value) in [("via", via), ("te", te)] {
            request = value.into_iter().fold(request, |request, value| request.header(name, value));
        }
        request.send().await.expect("a response").bytes().await.expect("whole");
    }
    for series in [
        r#"trailer_sections_sent_total{agent="curl",protocol="HTTP/2",proxied="false"}"#,
        r#"trailer_sections_sent_total{agent="other",protocol="HTTP/1.1",proxied="false"}"#,
        r#"trailer_sections_withheld_total{agent="okhttp",protocol="HTTP/1.1",proxied="true",reason="not_asked"}"#,
    ] {
        metrics.say(series, 1).await;
    }
}

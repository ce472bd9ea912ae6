//! `GET /metrics` reports what happened.

use super::prelude::{
    HeaderValue, IntoResponse, Router, StatusCode, get,
    producer::{Producers, declared, rows},
    route,
};
use crate::support::{
    PATIENCE, TestServer,
    log::Log,
    metrics::{Metrics, counted},
    protocols::{Protocol, over_each_protocol, read},
    raw, soon, with,
};
use axum_trailers::body;
use axum_trailers_server::{
    Limits,
    prometheus::{IntCounter, IntGauge},
};
use std::{io, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

async fn with_trailers() -> impl IntoResponse {
    let (sender, body) = body::channel(1024, declared());
    sender.finish(rows(1)).expect("as declared");
    body
}

async fn requests_are_counted_by_protocol_route_and_status(protocol: Protocol) {
    let app = Router::new()
        .route(&route("/items/{id}"), get(|| async { "item" }).post(|| async { StatusCode::CREATED }))
        .nest("/nested", Router::new().route(&route("/{*rest}"), get(|| async { "rest" })))
        .nest_service("/service", Router::<()>::new().route("/a", get(|| async { "a" })))
        .route("/own", get(|| async { StatusCode::from_u16(799).expect("a status") }))
        .route("/panics", get(|| async { panic!("a handler's") as () }));
    let (server, metrics) = counted(app, Limits::default());
    let client = protocol.client(server.address).await;
    for path in
        ["/items/1", "/items/2", "/nested/a/b", "/service/a", "/own", "/panics", "/nothing", "/nothing/else"]
    {
        let _content = client.get(path).await.bytes().await;
    }
    let created = client.request("POST", "/items/4").send().await.expect("a response");
    created.bytes().await.expect("content");
    let requests = |labels: &str| format!(r#"requests_total{{protocol="{protocol}",{labels}}}"#);
    for (labels, value) in [
        (r#"route="/items/{id}",status="200""#, 2),
        (r#"route="/items/{id}",status="201""#, 1),
        (r#"route="/nested/{*rest}",status="200""#, 1),
        (r#"route="/own",status="other""#, 1),
        (r#"route="/panics",status="500""#, 1),
        (r#"route="none",status="404""#, 2),
        // axum does not expose the path of a nested service to layers.
        (r#"route="none",status="200""#, 1),
    ] {
        metrics.say(&requests(&route(labels)), value).await;
    }
    let series = metrics.text().await.matches("axum_trailers_requests_total{").count();
    assert_eq!(series, 7, "none but these");
}

#[tokio::test]
async fn trailers_are_counted_by_protocol_and_reason() {
    let (server, metrics) = counted(Router::new().route("/", get(with_trailers)), Limits::default());
    read(Protocol::Http2.client(server.address).await.get("/").await).await.expect("whole");
    read(Protocol::Http1.client(server.address).await.get("/").await).await.expect("whole");
    let http1 = Protocol::Http1.client(server.address).await;
    http1.request("GET", "/").send().await.expect("a response").bytes().await.expect("whole");
    raw::http1(server.address, "GET / HTTP/1.0\r\nhost: a\r\n\r\n").await;
    for (series, value) in [
        (r#"trailer_sections_sent_total{agent="none",protocol="HTTP/2",proxied="false"}"#, 1),
        (r#"trailer_sections_sent_total{agent="none",protocol="HTTP/1.1",proxied="false"}"#, 1),
        (
            r#"trailer_sections_withheld_total{agent="none",protocol="HTTP/1.1",proxied="false",reason="not_asked"}"#,
            1,
        ),
        (
            r#"trailer_sections_withheld_total{agent="none",protocol="HTTP/1.0",proxied="false",reason="old_protocol"}"#,
            1,
        ),
    ] {
        metrics.say(series, value).await;
    }
    metrics.say_nothing_of("streams_failed_total").await;
    metrics.say_nothing_of("clients_gone_total").await;
}

over_each_protocol! {
    requests_are_counted_by_protocol_route_and_status;
    failures_are_counted_by_reason_and_client_departures_separately;
    client_that_leaves_before_a_response_is_counted_separately;
    gauges_follow_open_connections_and_streams;
    response_without_content_withholds_nothing;
}

async fn response_without_content_withholds_nothing(protocol: Protocol) {
    let unchanged = async || (StatusCode::NOT_MODIFIED, with_trailers().await);
    let app = Router::new().route("/", get(with_trailers)).route("/unchanged", get(unchanged));
    let (server, metrics) = counted(app, Limits::default());
    let client = protocol.client(server.address).await;
    client.request("HEAD", "/").send().await.expect("a response");
    client.request("GET", "/unchanged").send().await.expect("a response");

    for labels in [r#"route="/",status="200""#, r#"route="/unchanged",status="304""#] {
        metrics.say(&format!(r#"requests_total{{protocol="{protocol}",{labels}}}"#), 1).await;
    }
    metrics.say_nothing_of("trailer_sections_").await;
}

async fn failures_are_counted_by_reason_and_client_departures_separately(protocol: Protocol) {
    let short = async || {
        let mut response = "four".into_response();
        response.headers_mut().insert("content-length", HeaderValue::from_static("5"));
        response
    };
    let told = async || {
        let (sender, body) = body::channel(1024, declared());
        sender.fail_with_trailers(rows(0)).expect("as declared");
        body
    };
    let app = Producers::new()
        .router()
        .route("/fails", get(async || body::channel(1024, declared()).1))
        .route("/short", get(short))
        .route("/told", get(told));
    let limits = with!(Limits { stalled_reader: Duration::from_secs(1) });
    let (server, metrics) = counted(app, limits);
    let client = protocol.client(server.address).await;
    for path in ["/fails", "/short"] {
        client.cut(path).await;
    }
    read(client.get("/told").await).await.expect("whole");
    let mut reasons = vec!["body", "length", "reported_in_trailers", "stalled_reader"];
    if protocol.needs_te() {
        let response = client.request("GET", "/told").send().await.expect("a response");
        read(response).await.expect_err("it can't be told");
        reasons.push("unreportable");
    }
    let stalled = client.get("/endless").await;
    for reason in &reasons {
        let series = format!(r#"streams_failed_total{{protocol="{protocol}",reason="{reason}"}}"#);
        metrics.say(&series, 1).await;
    }
    drop(stalled);
    metrics.say_nothing_of("clients_gone_total").await;
    let series = metrics.text().await.matches("axum_trailers_streams_failed_total{").count();
    assert_eq!(series, reasons.len(), "none but these");

    // Without the short limit.
    let (server, metrics) = counted(Producers::new().router(), Limits::default());
    let client = protocol.client(server.address).await;
    drop(client.get("/endless").await);
    metrics.say(&format!(r#"clients_gone_total{{protocol="{protocol}"}}"#), 1).await;
    metrics.say_nothing_of("streams_failed_total").await;
}

async fn client_that_leaves_before_a_response_is_counted_separately(protocol: Protocol) {
    let hangs = async || std::future::pending::<()>().await;
    let (server, metrics) = counted(Router::new().route("/hangs", get(hangs)), Limits::default());
    let client = protocol.client(server.address).await;
    let asked = client.request("GET", "/hangs").ask().await.expect("a stream");
    metrics.say("streams", 1).await;
    drop((client, asked));
    metrics.say(&format!(r#"clients_gone_total{{protocol="{protocol}"}}"#), 1).await;
    let labels = format!(r#"protocol="{protocol}",route="/hangs",status="none""#);
    metrics.say(&format!("requests_total{{{labels}}}"), 1).await;
    metrics.say(r#"end_seconds_count{route="/hangs"}"#, 1).await;
    metrics.say_nothing_of("first_byte_seconds").await;
    metrics.say_nothing_of("streams_failed_total").await;
    metrics.say("streams", 0).await;
}

#[tokio::test]
async fn redirects_are_counted() {
    let mut address = None;
    let server = TestServer::with(Router::new(), |server| {
        let server = server.metrics("127.0.0.1:0").and_then(|server| server.redirect("127.0.0.1:0"));
        let server = server.expect("free ports");
        address = server.metrics_addrs().first().copied();
        server
    });
    let metrics = Metrics(address.expect("an address"));
    let mut client = TcpStream::connect(server.redirect.expect("an address")).await.expect("a connection");
    client.write_all(b"GET /a HTTP/1.1\r\nhost: localhost\r\n\r\n").await.expect("sent");
    metrics.say(r#"requests_total{protocol="HTTP/1.1",route="none",status="308"}"#, 1).await;
    metrics.say("connections", 1).await;
}

async fn gauges_follow_open_connections_and_streams(protocol: Protocol) {
    let producers = Producers::new();
    let (server, metrics) = counted(producers.router(), Limits::default());
    metrics.say("connections", 0).await;
    let client = protocol.client(server.address).await;
    let quiet = client.get("/quiet").await;
    let other = protocol.client(server.address).await;
    let _other = other.get("/quiet").await;
    metrics.say("connections", 2).await;
    metrics.say("streams", 2).await;
    metrics.say_nothing_of("requests_total").await;
    producers.go_on.notify_waiters();
    read(quiet).await.expect("whole");
    metrics.say("streams", 0).await;
    metrics.say(&format!(r#"response_body_bytes_total{{protocol="{protocol}"}}"#), 20).await;
    drop(client);
    metrics.say("connections", 1).await;

    let text = metrics.text().await;
    let bytes = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("axum_trailers_{name} ")));
        line.expect("a line").parse::<u64>().expect("a number")
    };
    assert!(
        bytes("received_bytes_total") > 100 && bytes("sent_bytes_total") > 1000,
        "handshakes, too: {text}"
    );
}

#[tokio::test]
async fn time_to_the_first_byte_and_to_the_end_are_told_apart() {
    let slow = async || {
        let (mut sender, body) = body::channel(1024, declared());
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(600)).await;
            sender.send("late").await.expect("a reader");
            sender.finish(rows(1)).expect("as declared");
        });
        body
    };
    let (server, metrics) = counted(Router::new().route("/slow", get(slow)), Limits::default());
    read(Protocol::Http2.client(server.address).await.get("/slow").await).await.expect("whole");
    metrics.say(r#"end_seconds_count{route="/slow"}"#, 1).await;
    metrics.say(r#"end_seconds_bucket{route="/slow",le="0.5"}"#, 0).await;
    metrics.say(r#"end_seconds_bucket{route="/slow",le="+Inf"}"#, 1).await;
    metrics.say(r#"first_byte_seconds_bucket{route="/slow",le="0.5"}"#, 1).await;
}

#[tokio::test]
async fn page_goes_on_while_streams_end_and_has_nothing_else() {
    let producers = Producers::new();
    let (server, metrics) = counted(producers.router(), with!(Limits { connections: 1 }));
    let elsewhere = reqwest::get(format!("http://{}/", metrics.0)).await.expect("a response");
    assert_eq!(elsewhere.status(), 404);
    assert!(elsewhere.text().await.expect("text").contains("/metrics"));

    let mut client = raw::http2(server.address).await;
    let mut quiet = raw::http2_get(&mut client, "/quiet").await;
    metrics.say("connections", 1).await;
    let handle = server.handle.clone();
    let drained = tokio::spawn(async move { handle.drain(PATIENCE).await });
    let refused = async {
        while TcpStream::connect(server.address).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    soon("the end of the listener", refused).await;
    metrics.say("streams", 1).await;
    producers.go_on.notify_waiters();
    raw::http2_read(&mut quiet).await.expect("whole");
    drop((client, quiet));
    soon("the end", drained).await.expect("no panic");
    reqwest::get(format!("http://{}/metrics", metrics.0)).await.expect_err("it ended with the server");
}

/// A connection that was answered once and stays open. `None` if it was closed without an answer.
async fn asks_and_stays(metrics: &Metrics) -> Option<TcpStream> {
    let mut stream = TcpStream::connect(metrics.0).await.expect("a connection");
    let request = b"HEAD /metrics HTTP/1.1\r\nhost: a\r\n\r\n";
    // If it is closed already, the read below notices.
    let _sent = stream.write_all(request).await;
    let mut answer = [0; 4096];
    match soon("an answer or the end", stream.read(&mut answer)).await {
        Ok(0) | Err(_) => None,
        Ok(n) => {
            assert!(answer[..n].starts_with(b"HTTP/1.1 200") && answer[..n].ends_with(b"\r\n\r\n"));
            Some(stream)
        }
    }
}

#[tokio::test]
async fn page_takes_eight_connections_and_ends_them_with_the_server() {
    let (log, _guard) = Log::catch();
    let (mut server, metrics) = counted(Router::new(), Limits::default());
    let mut open = Vec::new();
    for _ in 0..8 {
        open.push(asks_and_stays(&metrics).await.expect("an answer"));
    }
    assert!(asks_and_stays(&metrics).await.is_none());
    log.line(&["WARN", "connection refused", "listener=\"metrics\" limit=8"]).await;
    assert_eq!(
        Protocol::Http2.client(server.address).await.get("/").await.status(),
        404,
        "the server itself has room"
    );

    drop(open.pop());
    let again = async {
        loop {
            if let Some(stream) = asks_and_stays(&metrics).await {
                break stream;
            }
        }
    };
    open.push(soon("room for another", again).await);

    server.handle.abort();
    soon("the end", &mut server.served).await.expect("no panic").expect("no error");
    for mut stream in open {
        let ended = soon("the end of the connection", stream.read(&mut [0; 1])).await;
        assert!(matches!(ended, Ok(0) | Err(_)), "{ended:?}");
    }
}

#[tokio::test]
async fn scrapes_are_logged_only_at_debug() {
    for (catch, is_told) in [(Log::catch as fn() -> _, false), (Log::catch_all, true)] {
        let (log, _guard) = catch();
        let (server, metrics) = counted(Router::new(), Limits::default());
        metrics.text().await;
        reqwest::get(format!("http://{}/nothing", metrics.0)).await.expect("a response");
        log.line(&["INFO axum_trailers::request:", "request_target=\"/nothing\"", "status=404"]).await;
        Protocol::Http2.client(server.address).await.get("/").await;
        log.line(&["INFO axum_trailers::request:", "request_target=\"/\""]).await;
        let text = log.text();
        let told = |level| {
            let parts = [
                &format!("{level} axum_trailers::request: "),
                " request_target=\"/metrics\" ",
                " status=200 ",
            ];
            text.lines().any(|line| parts.iter().all(|part| line.contains(part)))
        };
        assert_eq!(told("DEBUG"), is_told, "{text}");
        assert_eq!(text.contains("request_target=\"/metrics\""), is_told, "{text}");
    }
}

#[tokio::test]
async fn metrics_include_the_application_s_registry() {
    let own = IntCounter::new("own_total", "The application's own.").expect("valid");
    let mut address = None;
    let _server = TestServer::with(Router::new(), |server| {
        let server = server.metrics("127.0.0.1:0").expect("a free port");
        server.registry().register(Box::new(own.clone())).expect("nothing is there");
        address = server.metrics_addrs().first().copied();
        server
    });
    own.inc_by(7);
    let text = Metrics(address.expect("an address")).text().await;
    assert!(text.lines().any(|line| line == "own_total 7"), "{text}");
}

#[tokio::test]
async fn duplicate_metric_name_is_an_error_of_serve_if_metrics_are_on() {
    for (tells, name) in [(true, "connections"), (true, "end_seconds"), (false, "connections")] {
        let mut server = TestServer::with(Router::new(), |server| {
            let taken = IntGauge::new(format!("axum_trailers_{name}"), "Taken.").expect("valid");
            server.registry().register(Box::new(taken)).expect("nothing is there");
            if tells { server.metrics("127.0.0.1:0").expect("a free port") } else { server }
        });
        if !tells {
            assert_eq!(
                Protocol::Http2.client(server.address).await.get("/").await.status(),
                404,
                "it serves"
            );
            continue;
        }
        let ended = soon("the end", &mut server.served).await.expect("no panic");
        let error = ended.expect_err("an error");
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        let said = format!("the registry already has a metric `axum_trailers_{name}`");
        assert!(error.to_string().starts_with(&said), "{error}");
    }
}

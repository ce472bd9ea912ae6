//! The server reports a failure in trailers as a whole message, and its reason in the log.

use super::prelude::{
    CompressionLayer, Response, Router, get,
    library::failures::{app, fails_with_trailers, finishes, without_trailers},
    map_response,
};
use crate::support::{
    TestServer,
    log::Log,
    protocols::{Protocol, over_each_protocol, read},
    soon,
};
use axum_trailers::{
    body::{Chunks, StreamBody},
    layers::{ContentDigestLayer, ServerTimingLayer},
};

#[tokio::test]
async fn failure_by_reset_is_logged_with_its_reason() {
    let (log, _guard) = Log::catch();
    let server = TestServer::start(app());
    for path in ["/reset", "/undeclared", "/forbidden"] {
        assert!(read(Protocol::Http1.client(server.address).await.get(path).await).await.is_err(), "{path}");
    }
    log.line(&["/reset", "ended=failed: the producer failed: database connection lost"]).await;
    let refused = "ended=failed: the producer's trailers were rejected: ";
    log.line(&["/undeclared", refused, "`x-extra` was not declared"]).await;
    log.line(&["/forbidden", refused, "`content-length` is forbidden in trailers"]).await;
}

over_each_protocol! {
    failure_by_trailers_is_a_whole_message;
    failure_by_trailers_survives_a_layer_that_makes_another_response;
    failed_body_has_timing_but_no_digest;
}

async fn failure_by_trailers_is_a_whole_message(protocol: Protocol) {
    let (log, _guard) = Log::catch();
    let server = TestServer::start(app());
    let client = protocol.client(server.address).await;
    for (path, status, message) in
        [("/trailers", "13", "Database connection lost at row 1"), ("/finished", "0", "")]
    {
        let ending = read(client.get(path).await).await.expect("a whole message");
        assert_eq!(ending.content, b"row\n", "{protocol}");
        let trailers = ending.trailers.expect("trailers");
        assert_eq!(
            (&trailers["grpc-status"], &trailers["grpc-message"]),
            (&status.parse().expect(""), &message.parse().expect(""))
        );
        assert_eq!(trailers.contains_key("x-rows"), path == "/finished", "{protocol}");
    }
    log.line(&["/trailers", "trailers=grpc-status,grpc-message ended=failed, reported in trailers"]).await;
    log.line(&["/finished", "ended=complete"]).await;
}

/// A layer that creates a new response around the body, as many do.
async fn as_another_response(response: Response) -> Response {
    Response::new(response.into_body())
}

type Around = fn(Router) -> Router;

async fn failure_by_trailers_survives_a_layer_that_makes_another_response(protocol: Protocol) {
    let (log, _guard) = Log::catch();
    let around: [(&str, Around); 4] = [
        ("another response", |app| app.layer(map_response(as_another_response))),
        ("compression", |app| app.layer(CompressionLayer::new())),
        ("both", |app| app.layer(map_response(as_another_response)).layer(CompressionLayer::new())),
        ("other data and another response", |app| {
            app.layer(map_response(without_trailers)).layer(map_response(as_another_response))
        }),
    ];
    for (name, around) in around {
        let server = TestServer::start(around(app()));
        let client = protocol.client(server.address).await;
        // Over HTTP/1.1, a field whose announcement is lost can't be sent.
        let is_told = protocol != Protocol::Http1 || name == "compression";
        for path in ["/trailers", "/finished", "/reset"] {
            let request = client.request("GET", path).header("te", "trailers");
            let request = request.header("accept-encoding", "gzip");
            let response = soon("a response", request.send()).await.expect("a response");
            let read = soon("the end", read(response)).await;
            match (path, &read) {
                ("/finished", Ok(_)) => {}
                ("/trailers", Ok(ending)) if is_told => {
                    let trailers = ending.trailers.as_ref().expect("trailers");
                    assert_eq!(trailers["grpc-status"], "13", "{name}, {protocol}");
                }
                (path, Err(_)) if path == "/reset" || (path == "/trailers" && !is_told) => {}
                _ => panic!("{path} behind {name} over {protocol}: {read:?}"),
            }
        }
        let ending = if is_told {
            "trailers=grpc-status,grpc-message ended=failed, reported in trailers"
        } else {
            "ended=failed: the trailers that report the failure can't be sent"
        };
        log.line(&["/trailers", ending]).await;
    }
}

async fn failed_body_has_timing_but_no_digest(protocol: Protocol) {
    let app = app().layer(ContentDigestLayer::new()).layer(ServerTimingLayer::new());
    let server = TestServer::start(app);
    let client = protocol.client(server.address).await;
    for (path, is_whole) in [("/trailers", false), ("/finished", true)] {
        let response = client.get(path).await;
        let announced = response.headers()["trailer"].to_str().expect("text").to_owned();
        assert!(announced.contains("content-digest"), "{protocol}: {announced}");
        let trailers = read(response).await.expect("a whole message").trailers.expect("trailers");
        assert!(trailers.contains_key("server-timing"), "{path} over {protocol}");
        assert_eq!(trailers.contains_key("content-digest"), is_whole, "{path} over {protocol}");
    }
}

/// A layer that creates a new response with the same body and header fields, but without the extensions.
async fn with_the_same_head(response: Response) -> Response {
    let (head, body) = response.into_parts();
    let mut response = Response::new(body);
    *response.headers_mut() = head.headers;
    response
}

/// The same, but with only `Content-Length`.
async fn with_a_length(response: Response) -> Response {
    let mut response = Response::new(response.into_body());
    response.headers_mut().insert("content-length", 4.into());
    response
}

async fn unannounced(mut response: Response) -> Response {
    response.headers_mut().remove("trailer");
    response
}

#[tokio::test]
async fn failure_by_trailers_breaks_the_transfer_whatever_its_content_length() {
    let told =
        |body: fn() -> StreamBody<Chunks>| get(move || async move { ([("content-length", "4")], body()) });
    let apps = [
        app().layer(ContentDigestLayer::or_buffered(1000)),
        Router::new().route("/trailers", told(fails_with_trailers)).route("/finished", told(finishes)),
        Router::new()
            .route("/trailers", told(fails_with_trailers))
            .route("/finished", told(finishes))
            .layer(map_response(with_the_same_head)),
        Router::new()
            .route("/trailers", told(fails_with_trailers))
            .route("/finished", told(finishes))
            .layer(map_response(unannounced)),
        app().layer(map_response(with_a_length)),
    ];
    for (n, app) in apps.into_iter().enumerate() {
        let server = TestServer::start(app);
        for (path, is_whole) in [("/trailers", false), ("/finished", true)] {
            let te = if n == 3 { "trailers" } else { "" };
            let response = Protocol::Http1
                .client(server.address)
                .await
                .request("GET", path)
                .header("te", te)
                .send()
                .await
                .expect("a response");
            let has_digest = response.headers().contains_key("content-digest");
            assert_eq!(has_digest, n == 0 && is_whole, "{path} of app {n}");
            let has_length = response.headers().contains_key("content-length");
            assert_eq!(
                has_length,
                n == 4 || (n == 0 && is_whole),
                "{path} of app {n}: a length looks like a good end"
            );
            let read = soon("the end", read(response)).await;
            assert_eq!(read.is_ok(), is_whole, "{path} of app {n}: {read:?}");
        }
    }
}

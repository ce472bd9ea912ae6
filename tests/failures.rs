//! A failed producer reports this in one of two ways, and no client takes a partial response for a whole one.

use crate::support::{TestServer, clients, http1, log::Log, raw, read, soon};
use axum::{
    Router,
    body::{HttpBody, StreamBody as Plain},
    middleware::map_response,
    response::Response,
    routing::get,
};
use axum_trailers::{
    body::{self, Chunks, FinishError, Sender, StreamBody},
    layers::{ContentDigestLayer, ServerTimingLayer},
    trailers::{Declared, TrailerError, Trailers},
};
use futures_util::stream;
use http_02::HeaderMap;
use tower_http::compression::CompressionLayer;

fn grpc(status: u16, message: &'static str) -> Trailers {
    let mut trailers = Trailers::new();
    trailers.insert("grpc-status", status).expect("permitted");
    trailers.insert("grpc-message", message).expect("permitted");
    trailers
}

/// Sends a row, then does `end`.
fn after_a_row(end: impl FnOnce(Sender) + Send + 'static) -> StreamBody<Chunks> {
    let declared = Declared::new(["x-rows", "grpc-status", "grpc-message"]).expect("permitted");
    let (mut sender, body) = body::channel(1024, declared);
    tokio::spawn(async move {
        sender.send("row\n").await.expect("a reader");
        end(sender);
    });
    body
}

fn fails_with_trailers() -> StreamBody<Chunks> {
    after_a_row(|sender| {
        sender.fail_with_trailers(grpc(13, "Database connection lost at row 1")).expect("as declared");
    })
}

fn finishes() -> StreamBody<Chunks> {
    after_a_row(|sender| {
        let mut trailers = grpc(0, "");
        trailers.insert("x-rows", 1).expect("permitted");
        sender.finish(trailers).expect("as declared");
    })
}

fn app() -> Router {
    Router::new()
        .route("/reset", get(|| async { after_a_row(|sender| sender.fail("database connection lost")) }))
        .route("/trailers", get(|| async { fails_with_trailers() }))
        .route("/finished", get(|| async { finishes() }))
        .route(
            "/undeclared",
            get(|| async {
                after_a_row(|sender| {
                    let mut trailers = grpc(0, "");
                    trailers.insert("x-rows", 1).expect("permitted");
                    trailers.insert("x-extra", 1).expect("permitted");
                    let refused = sender.finish(trailers).expect_err("undeclared");
                    assert!(matches!(refused, FinishError::Undeclared { name } if name == "x-extra"));
                })
            }),
        )
        .route(
            "/forbidden",
            get(|| async {
                after_a_row(|sender| {
                    let mut trailers = HeaderMap::new();
                    trailers.insert("content-length", 4.into());
                    let refused = sender.finish(trailers).expect_err("forbidden");
                    assert!(matches!(refused, FinishError::Refused(TrailerError::Forbidden { .. })));
                })
            }),
        )
}

#[tokio::test]
async fn failure_by_reset_is_a_broken_transfer() {
    let (log, _guard) = Log::catch();
    let server = TestServer::start(app());
    for (protocol, client) in clients() {
        for path in ["/reset", "/undeclared", "/forbidden"] {
            let read = soon("the end", read(server.get(&client, path).await)).await;
            assert!(read.is_err(), "{path} over {protocol}: {read:?}");
        }
    }
    let mut client = raw::http2(server.address).await;
    let error = raw::http2_read(&mut raw::http2_get(&mut client, "/reset").await).await.expect_err("a reset");
    assert_eq!(error.reason(), Some(h2::Reason::INTERNAL_ERROR));
    let wire = raw::http1(server.address, "GET /reset HTTP/1.1\r\nhost: a\r\nte: trailers\r\n\r\n").await;
    assert!(wire.ends_with("\r\n\r\n4\r\nrow\n\r\n"), "{wire}");
    log.line(&["/reset", "ended=failed: the producer failed: database connection lost"]).await;
    let refused = "ended=failed: the producer's trailers were rejected: ";
    log.line(&["/undeclared", refused, "`x-extra` was not declared"]).await;
    log.line(&["/forbidden", refused, "`content-length` is forbidden in trailers"]).await;
}

#[tokio::test]
async fn failure_by_trailers_is_a_whole_message() {
    let (log, _guard) = Log::catch();
    let server = TestServer::start(app());
    for (protocol, client) in clients() {
        for (path, status, message) in
            [("/trailers", "13", "Database connection lost at row 1"), ("/finished", "0", "")]
        {
            let ending = read(server.get(&client, path).await).await.expect("a whole message");
            assert_eq!(ending.content, b"row\n", "{protocol}");
            let trailers = ending.trailers.expect("trailers");
            assert_eq!(
                (&trailers["grpc-status"], &trailers["grpc-message"]),
                (&status.parse().expect(""), &message.parse().expect(""))
            );
            assert_eq!(trailers.contains_key("x-rows"), path == "/finished", "{protocol}");
        }
        log.line(&["/trailers", "trailers=grpc-status,grpc-message ended=failed, reported in trailers"])
            .await;
        log.line(&["/finished", "ended=complete"]).await;
    }
}

#[tokio::test]
async fn failure_by_trailers_breaks_the_transfer_where_they_cannot_go_out() {
    let server = TestServer::start(app());
    for (path, is_whole) in [("/trailers", false), ("/finished", true)] {
        let response = http1().get(server.url(path)).send().await.expect("a response");
        let read = soon("the end", read(response)).await;
        assert_eq!(read.is_ok(), is_whole, "{path}: {read:?}");
        let mut client = raw::tls(server.address, "http/1.1").await;
        let request = format!("GET {path} HTTP/1.0\r\n\r\n");
        tokio::io::AsyncWriteExt::write_all(&mut client, request.as_bytes()).await.expect("sent");
        let end = soon("the end", tokio::io::AsyncReadExt::read_to_end(&mut client, &mut Vec::new())).await;
        assert_eq!(end.is_ok(), is_whole, "{path} over HTTP/1.0: {end:?}");
    }
}

/// A layer that passes on only data, as many do.
async fn without_trailers(response: Response) -> Response {
    let (head, mut body) = response.into_parts();
    let data = stream::poll_fn(move |cx| std::pin::Pin::new(&mut body).poll_data(cx));
    let mut response = axum::response::IntoResponse::into_response(Plain::new(data));
    *response.headers_mut() = head.headers;
    *response.extensions_mut() = head.extensions;
    response
}

#[tokio::test]
async fn failure_by_trailers_breaks_the_transfer_where_a_layer_drops_them() {
    // The trailer of an outer layer does not report the failure.
    let app = app().layer(map_response(without_trailers)).layer(ServerTimingLayer::new());
    let server = TestServer::start(app);
    for (protocol, client) in clients() {
        for (path, is_whole) in [("/trailers", false), ("/finished", true)] {
            let read = soon("the end", read(server.get(&client, path).await)).await;
            assert_eq!(read.is_ok(), is_whole, "{path} over {protocol}: {read:?}");
        }
    }
}

/// A layer that creates a new response around the body, as many do.
async fn as_another_response(response: Response) -> Response {
    Response::new(response.into_body())
}

/// The same, but keeps the header fields, not the extensions.
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

type Around = fn(Router) -> Router;

#[tokio::test]
async fn failure_by_trailers_survives_a_layer_that_makes_another_response() {
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
        for (protocol, client) in clients() {
            // Over HTTP/1.1, a field whose announcement is lost can't be sent.
            let is_told = protocol == "HTTP/2" || name == "compression";
            for path in ["/trailers", "/finished", "/reset"] {
                let request = client.get(server.url(path)).header("te", "trailers");
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
}

#[tokio::test]
async fn failed_body_has_timing_but_no_digest() {
    let app = app().layer(ContentDigestLayer::new()).layer(ServerTimingLayer::new());
    let server = TestServer::start(app);
    for (protocol, client) in clients() {
        for (path, is_whole) in [("/trailers", false), ("/finished", true)] {
            let response = server.get(&client, path).await;
            let announced = response.headers()["trailer"].to_str().expect("text").to_owned();
            assert!(announced.contains("content-digest"), "{protocol}: {announced}");
            let trailers = read(response).await.expect("a whole message").trailers.expect("trailers");
            assert!(trailers.contains_key("server-timing"), "{path} over {protocol}");
            assert_eq!(trailers.contains_key("content-digest"), is_whole, "{path} over {protocol}");
        }
    }
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
            let response = http1().get(server.url(path)).header("te", te).send().await.expect("a response");
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

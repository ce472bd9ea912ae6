//! A failed producer reports this in one of two ways, and no client takes a partial response for a whole one.

use super::{
    cut::{assert_ends_after, cut_after},
    prelude::{
        CompressionLayer, HeaderMap, IntoResponse, Plain, REPORTS_FAILURES_IN_TRAILERS, Response, Router,
        TestServer, data_of, get, map_response, over_each_protocol,
    },
};
use crate::support::{
    protocols::{Protocol, read},
    raw, soon,
    upload::fields,
};
use axum_trailers::{
    body::{self, Chunks, FinishError, Sender, StreamBody},
    declared,
    layers::{ContentDigestLayer, ServerTimingLayer},
    trailers::{Declaration, Declared, STREAM_ERROR, StreamError, TrailerError, Trailers},
};

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

pub(crate) fn fails_with_trailers() -> StreamBody<Chunks> {
    after_a_row(|sender| {
        sender.fail_with_trailers(grpc(13, "Database connection lost at row 1")).expect("as declared");
    })
}

pub(crate) fn finishes() -> StreamBody<Chunks> {
    after_a_row(|sender| {
        let mut trailers = grpc(0, "");
        trailers.insert("x-rows", 1).expect("permitted");
        sender.finish(trailers).expect("as declared");
    })
}

pub(crate) fn app() -> Router {
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

over_each_protocol! {
    failure_by_reset_is_a_broken_transfer;
    failure_by_trailers_never_looks_like_a_good_end;
    failure_by_trailers_breaks_the_transfer_where_a_layer_drops_them;
    field_of_failures_reaches_the_client_or_the_transfer_is_cut;
}

async fn failure_by_reset_is_a_broken_transfer(protocol: Protocol) {
    let server = TestServer::start(app());
    let client = protocol.client(server.address).await;
    for path in ["/reset", "/undeclared", "/forbidden"] {
        assert_eq!(cut_after("row\n", &client, path).await, protocol.failure(), "{path}");
    }
}

/// On any server, also behind layers that pass on the trailers.
async fn failure_by_trailers_never_looks_like_a_good_end(protocol: Protocol) {
    let layered = app().layer(ContentDigestLayer::new()).layer(ServerTimingLayer::new());
    for app in [app(), app().layer(CompressionLayer::new()), layered] {
        let server = TestServer::start(app);
        let client = protocol.client(server.address).await;
        for (path, is_whole) in [("/trailers", REPORTS_FAILURES_IN_TRAILERS), ("/finished", true)] {
            let read = soon("the end", read(client.get(path).await)).await;
            assert_eq!(read.is_ok(), is_whole, "{path} over {protocol}: {read:?}");
            if let Ok(ending) = read {
                let expected = if path == "/trailers" { "13" } else { "0" };
                let trailers = ending.trailers.expect("trailers");
                assert_eq!(trailers["grpc-status"], expected, "{path} over {protocol}");
            }
        }
    }
}

#[tokio::test]
async fn failure_by_trailers_breaks_the_transfer_where_they_cannot_go_out() {
    let server = TestServer::start(app());
    for (path, is_whole) in [("/trailers", false), ("/finished", true)] {
        let response = Protocol::Http1
            .client(server.address)
            .await
            .request("GET", path)
            .send()
            .await
            .expect("a response");
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
pub(crate) async fn without_trailers(response: Response) -> Response {
    let (head, body) = response.into_parts();
    let mut response = Plain::new(data_of(body)).into_response();
    *response.headers_mut() = head.headers;
    *response.extensions_mut() = head.extensions;
    response
}

async fn failure_by_trailers_breaks_the_transfer_where_a_layer_drops_them(protocol: Protocol) {
    // The trailer of an outer layer does not report the failure.
    let app = app().layer(map_response(without_trailers)).layer(ServerTimingLayer::new());
    let server = TestServer::start(app);
    let client = protocol.client(server.address).await;
    for (path, is_whole) in [("/trailers", false), ("/finished", true)] {
        let read = soon("the end", read(client.get(path).await)).await;
        assert_eq!(read.is_ok(), is_whole, "{path} over {protocol}: {read:?}");
    }
}

#[tokio::test]
async fn failure_by_trailers_is_never_buffered_as_a_whole_body() {
    let server = TestServer::start(app().layer(ContentDigestLayer::or_buffered(1000)));
    for (path, is_whole) in [("/trailers", false), ("/finished", true)] {
        let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
        let wire = raw::http1(server.address, &request).await;
        for field in ["content-digest: ", "content-length: 4\r\n"] {
            assert_eq!(wire.contains(field), is_whole, "{field} of {path}: {wire}");
        }
        if is_whole {
            assert!(wire.ends_with("\r\n\r\nrow\n"), "{wire}");
        } else {
            assert_ends_after("4\r\nrow\n\r\n", &wire);
        }
    }
}

async fn field_of_failures_reaches_the_client_or_the_transfer_is_cut(protocol: Protocol) {
    let lost = || async {
        let declaration = Declaration::required(declared!["x-rows"]).on_failure(declared!["x-stream-error"]);
        let (mut sender, body) = body::channel(1024, declaration);
        tokio::spawn(async move {
            sender.send("row\n").await.expect("a reader");
            let mut trailers = Trailers::new();
            trailers.insert(STREAM_ERROR, StreamError::new("lost at row 2: 50 %")).expect("permitted");
            sender.fail_with_trailers(trailers).expect("as declared");
        });
        body
    };
    let server = TestServer::start(Router::new().route("/", get(lost)));
    let client = protocol.client(server.address).await;
    let response = client.request("GET", "/").header("te", "trailers").send().await;
    // A server that cuts the transfer may lose the header section as well.
    let read = match response {
        Ok(response) => soon("the end", read(response)).await,
        Err(cut) => Err(cut),
    };
    assert_eq!(read.is_ok(), REPORTS_FAILURES_IN_TRAILERS, "{protocol}: {read:?}");
    if let Ok(ending) = read {
        assert_eq!(ending.content, b"row\n", "{protocol}");
        let trailers = ending.trailers.expect("trailers");
        assert_eq!(trailers, fields(&[("x-stream-error", "lost at row 2: 50 %25")]), "{protocol}");
    }
}

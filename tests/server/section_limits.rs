//! A section over the limit of an HTTP/2 client (RFC 9113 §6.5.2) is not sent.

use super::prelude::{HeaderMap, IntoResponse, Path, Router, get, route};
use crate::support::{TestServer, log::Log, raw, soon};
use axum_trailers::{
    body,
    trailers::{Declared, Trailers},
};
use bytes::Bytes;
use h2::{Reason, client::SendRequest};

async fn header(Path(length): Path<usize>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("x-a", "a".repeat(length).parse().expect("a value"));
    headers
}

async fn trailer(Path(length): Path<usize>) -> impl IntoResponse {
    let (mut sender, body) = body::channel(1024, Declared::new(["x-a"]).expect("permitted"));
    tokio::spawn(async move {
        sender.send("some\n").await.expect("a reader");
        let mut trailers = Trailers::new();
        trailers.insert("x-a", "a".repeat(length)).expect("permitted");
        sender.finish(trailers).expect("as declared");
    });
    body
}

fn serve() -> TestServer {
    let app = Router::new()
        .route(&route("/header/{length}"), get(header))
        .route(&route("/trailer/{length}"), get(trailer))
        .route("/", get(|| async { "next" }));
    TestServer::start(app)
}

/// A client with this limit on sections, in bytes.
async fn client(server: &TestServer, limit: Option<u32>) -> SendRequest<Bytes> {
    let stream = raw::tls(server.address, "h2").await;
    let mut builder = h2::client::Builder::new();
    if let Some(limit) = limit {
        builder.max_header_list_size(limit);
    }
    let (client, connection) = builder.handshake(stream).await.expect("a preface");
    tokio::spawn(connection);
    client.ready().await.expect("a connection")
}

/// The status, and the length of the field in the header or trailer section.
async fn length(client: &mut SendRequest<Bytes>, path: &str) -> Result<(u16, Option<usize>), h2::Error> {
    let uri = format!("https://localhost{path}");
    let request = http::Request::get(uri).body(()).expect("a request");
    let (response, _) = client.send_request(request, true).expect("sent");
    let response = soon("a response", response).await?;
    let of_field = |section: &http::HeaderMap| section.get("x-a").map(|value| value.as_bytes().len());
    let (status, in_header) = (response.status().as_u16(), of_field(response.headers()));
    let mut body = response.into_body();
    raw::http2_read(&mut body).await?;
    let trailers = soon("the end", body.trailers()).await?;
    Ok((status, in_header.or(trailers.as_ref().and_then(of_field))))
}

fn is_reset(ended: &Result<(u16, Option<usize>), h2::Error>) -> bool {
    ended.as_ref().is_err_and(|error| error.is_reset() && error.reason() == Some(Reason::INTERNAL_ERROR))
}

#[tokio::test]
async fn larger_header_section_becomes_500() {
    let (log, _guard) = Log::catch();
    let server = serve();
    let mut limited = client(&server, Some(1000)).await;
    // `:status`, `date`, `content-length` and `x-request-id` also count: 42, 65, 47 and 62 bytes.
    let largest = 1000 - 42 - 65 - 47 - 62 - "x-a".len() - 32;
    // h2's own client rejects a section that is exactly as large as its limit.
    let ended = length(&mut limited, &format!("/header/{}", largest - 1)).await.expect("whole");
    assert_eq!(ended, (200, Some(largest - 1)));
    let ended = length(&mut limited, &format!("/header/{}", largest + 1)).await.expect("whole");
    assert_eq!(ended, (500, None));
    log.line(&["WARN", "the header section has 1001 bytes, but the client accepts only 1000"]).await;
    assert_eq!(length(&mut limited, "/").await.expect("whole"), (200, None), "the connection goes on");
}

#[tokio::test]
async fn stream_is_reset_if_not_even_500_can_be_sent() {
    let (log, _guard) = Log::catch();
    let server = serve();
    let mut limited = client(&server, Some(100)).await;
    let ended = length(&mut limited, "/").await;
    assert!(is_reset(&ended), "{ended:?}");
    log.line(&["ended=failed: the header section has", "but the client accepts only 100"]).await;
}

#[tokio::test]
async fn larger_trailer_section_resets_the_stream() {
    let (log, _guard) = Log::catch();
    let server = serve();
    let mut limited = client(&server, Some(1000)).await;
    let largest = 1000 - "x-a".len() - 32;
    let ended = length(&mut limited, &format!("/trailer/{}", largest - 1)).await.expect("whole");
    assert_eq!(ended, (200, Some(largest - 1)));
    let ended = length(&mut limited, &format!("/trailer/{}", largest + 1)).await;
    assert!(is_reset(&ended), "{ended:?}");
    log.line(&["ended=failed: the trailer section has 1001 bytes, but the client accepts only 1000"]).await;
    assert_eq!(length(&mut limited, "/").await.expect("whole"), (200, None), "the connection goes on");
}

#[tokio::test]
async fn client_without_a_limit_gets_any() {
    let server = serve();
    let mut unlimited = client(&server, None).await;
    for path in ["/header/10000", "/trailer/10000"] {
        assert_eq!(length(&mut unlimited, path).await.expect("whole"), (200, Some(10_000)), "{path}");
    }
}

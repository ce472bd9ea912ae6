//! A section over the limit of a client is not sent.

use super::prelude::{HeaderMap, IntoResponse, Path, Router, get, route};
use crate::support::{
    TestServer,
    log::Log,
    protocols::{Client, Protocol, Settings, Why, over_each_protocol, read},
    with,
};
use axum_trailers::{
    body,
    trailers::{Declared, Trailers},
};

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
async fn client(protocol: Protocol, server: &TestServer, limit: Option<u32>) -> Client {
    protocol.client_with(server.address, with!(Settings { section: limit })).await
}

/// The status, and the length of the field in the header or trailer section.
async fn length(client: &Client, path: &str) -> Result<(u16, Option<usize>), Why> {
    let request = client.request("GET", path).header("te", "trailers");
    let response = request.send().await.map_err(|cut| cut.why)?;
    let of_field = |section: &http::HeaderMap| section.get("x-a").map(|value| value.as_bytes().len());
    let (status, in_header) = (response.status().as_u16(), of_field(response.headers()));
    let trailers = read(response).await.map_err(|cut| cut.why)?.trailers;
    Ok((status, in_header.or(trailers.as_ref().and_then(of_field))))
}

/// The size of a section: of each field, the name, the value and 32 bytes
/// ([RFC 9113 §6.5.2](https://www.rfc-editor.org/rfc/rfc9113#section-6.5.2),
/// [RFC 9114 §4.2.2](https://www.rfc-editor.org/rfc/rfc9114#section-4.2.2)).
fn size(fields: &http::HeaderMap) -> usize {
    fields.iter().map(|(name, value)| name.as_str().len() + value.len() + 32).sum()
}

over_each_protocol! {
    larger_header_section_becomes_500, except Http1: "a client can't announce a limit",
        except Http3: "the stream is reset";
    larger_header_section_resets_the_stream, except Http1: "a client can't announce a limit",
        except Http2: "500 replaces it";
    stream_is_reset_if_not_even_500_can_be_sent, except Http1: "a client can't announce a limit";
    larger_trailer_section_resets_the_stream, except Http1: "a client can't announce a limit";
    client_without_a_limit_gets_any;
}

async fn larger_header_section_becomes_500(protocol: Protocol) {
    let (log, _guard) = Log::catch();
    let server = serve();
    let unlimited = client(protocol, &server, None).await;
    let response = unlimited.get("/header/100").await;
    let others = ":status".len() + "200".len() + 32 + size(response.headers()) - 100;
    let limited = client(protocol, &server, Some(1000)).await;
    let largest = 1000 - others;
    // h2's own client rejects a section that is exactly as large as its limit.
    let ended = length(&limited, &format!("/header/{}", largest - 1)).await.expect("whole");
    assert_eq!(ended, (200, Some(largest - 1)));
    let ended = length(&limited, &format!("/header/{}", largest + 1)).await.expect("whole");
    assert_eq!(ended, (500, None));
    log.line(&["WARN", "the header section has 1001 bytes, but the client accepts only 1000"]).await;
    assert_eq!(length(&limited, "/").await.expect("whole"), (200, None), "the connection goes on");
}

async fn larger_header_section_resets_the_stream(protocol: Protocol) {
    let (log, _guard) = Log::catch();
    let server = serve();
    let limited = client(protocol, &server, Some(1000)).await;
    assert_eq!(length(&limited, "/header/1000").await, Err(protocol.failure()));
    log.line(&["ended=failed: the header section has", "but the client accepts only 1000"]).await;
    assert_eq!(length(&limited, "/").await.expect("whole"), (200, None), "the connection goes on");
}

async fn stream_is_reset_if_not_even_500_can_be_sent(protocol: Protocol) {
    let (log, _guard) = Log::catch();
    let server = serve();
    let limited = client(protocol, &server, Some(100)).await;
    assert_eq!(length(&limited, "/").await, Err(protocol.failure()));
    log.line(&["ended=failed: the header section has", "but the client accepts only 100"]).await;
}

async fn larger_trailer_section_resets_the_stream(protocol: Protocol) {
    let (log, _guard) = Log::catch();
    let server = serve();
    let limited = client(protocol, &server, Some(1000)).await;
    let largest = 1000 - "x-a".len() - 32;
    let ended = length(&limited, &format!("/trailer/{}", largest - 1)).await.expect("whole");
    assert_eq!(ended, (200, Some(largest - 1)));
    assert_eq!(length(&limited, &format!("/trailer/{}", largest + 1)).await, Err(protocol.failure()));
    log.line(&["ended=failed: the trailer section has 1001 bytes, but the client accepts only 1000"]).await;
    assert_eq!(length(&limited, "/").await.expect("whole"), (200, None), "the connection goes on");
}

async fn client_without_a_limit_gets_any(protocol: Protocol) {
    let server = serve();
    let unlimited = client(protocol, &server, None).await;
    for path in ["/header/10000", "/trailer/10000"] {
        assert_eq!(length(&unlimited, path).await.expect("whole"), (200, Some(10_000)), "{path}");
    }
}

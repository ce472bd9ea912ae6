//! Unread uploads leave room for others on their HTTP/2 connection, and those that must wait are not blamed.

use super::prelude::{RawBody, ReadContent, Router, echo, post};
use crate::support::{TestServer, raw, soon, with};
use axum_trailers_server::Limits;
use bytes::Bytes;
use h2::client::{ResponseFuture, SendRequest};
use std::{net::SocketAddr, time::Duration};
use tokio::time::timeout;

fn app() -> Router {
    Router::new()
        .route("/count", post(count))
        .route("/echo", post(|RawBody(content): RawBody| async { echo(content) }))
}

async fn count(RawBody(mut body): RawBody) -> String {
    let mut bytes = 0;
    while let Some(Ok(chunk)) = body.data().await {
        bytes += chunk.len();
    }
    format!("{bytes} bytes")
}

/// A client whose response windows are closed until the test opens them.
pub(crate) async fn client(address: SocketAddr) -> SendRequest<Bytes> {
    let mut builder = h2::client::Builder::new();
    builder.initial_window_size(0);
    let (client, connection) =
        builder.handshake::<_, Bytes>(raw::tls(address, "h2").await).await.expect("a preface");
    tokio::spawn(connection);
    client.ready().await.expect("a connection")
}

/// Sends this many bytes as the windows allow, without an end.
pub(crate) fn upload(
    client: &mut SendRequest<Bytes>,
    path: &str,
    bytes: usize,
) -> (ResponseFuture, h2::SendStream<Bytes>) {
    let request = http::Request::post(format!("https://localhost{path}")).body(()).expect("a request");
    let (response, mut content) = client.send_request(request, false).expect("sent");
    content.send_data(Bytes::from(vec![b'x'; bytes]), false).expect("sent");
    (response, content)
}

const MIB: usize = 1024 * 1024;

#[tokio::test]
async fn unread_uploads_do_not_starve_the_others() {
    let server = TestServer::start(app());
    let mut client = client(server.address).await;
    let mut unread = Vec::new();
    for n in 1..=12 {
        let (response, content) = upload(&mut client, "/echo", 4 * MIB);
        // The response has begun, and nothing reads it.
        let response = soon("a response", response).await.expect("a response");
        unread.push((response, content));
        let (response, mut content) = upload(&mut client, "/count", MIB);
        content.send_data(Bytes::new(), true).expect("sent");
        let response = soon("a response", response).await.expect("a response");
        assert_eq!(response.status(), 200, "beside {n}");
    }
}

fn limits() -> Limits {
    with!(Limits { stalled_body: SHORT, min_body_rate_period: SHORT })
}

const SHORT: Duration = Duration::from_millis(300);

#[tokio::test]
async fn upload_that_waits_for_the_window_is_not_to_blame() {
    let server = TestServer::limited(app(), limits());
    let mut client = client(server.address).await;
    let mut unread = Vec::new();
    for _ in 0..40 {
        let (response, content) = upload(&mut client, "/echo", 4 * MIB);
        unread.push((response, content));
    }
    let (mut response, mut content) = upload(&mut client, "/count", MIB);
    content.send_data(Bytes::new(), true).expect("sent");
    let early = timeout(5 * SHORT, &mut response).await;
    assert!(early.is_err(), "it waits: {early:?}");
    for (response, mut content) in unread {
        content.send_reset(h2::Reason::CANCEL);
        drop(response);
    }
    assert_eq!(soon("a response", response).await.expect("a response").status(), 200);
}

#[tokio::test]
async fn stalled_upload_with_an_open_window_is_cut() {
    let server = TestServer::limited(app(), limits());
    let mut client = client(server.address).await;
    let (response, _content) = upload(&mut client, "/count", MIB);
    assert_eq!(soon("a response", response).await.expect("a response").status(), 408);
}

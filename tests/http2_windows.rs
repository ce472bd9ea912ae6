//! Unread uploads leave room for others on their HTTP/2 connection, and those that must wait are not blamed.

use crate::support::{PATIENCE, TestServer, raw, soon, with};
use axum::{
    Router,
    body::{self, HttpBody, StreamBody},
    extract::RawBody,
    response::IntoResponse,
    routing::post,
};
use axum_trailers_server::Limits;
use bytes::Bytes;
use h2::client::{ResponseFuture, SendRequest};
use std::{net::SocketAddr, time::Duration};
use tokio::time::timeout;

fn app() -> Router {
    let echo = |RawBody(body): RawBody| async { body::boxed(StreamBody::new(body)).into_response() };
    Router::new().route("/count", post(count)).route("/echo", post(echo))
}

async fn count(RawBody(mut body): RawBody) -> String {
    let mut bytes = 0;
    while let Some(Ok(chunk)) = body.data().await {
        bytes += chunk.len();
    }
    format!("{bytes} bytes")
}

/// A client whose response windows are closed until the test opens them.
async fn client(address: SocketAddr) -> SendRequest<Bytes> {
    let mut builder = h2::client::Builder::new();
    builder.initial_window_size(0);
    let (client, connection) =
        builder.handshake::<_, Bytes>(raw::tls(address, "h2").await).await.expect("a preface");
    tokio::spawn(connection);
    client.ready().await.expect("a connection")
}

/// Sends this many bytes as the windows allow, without an end.
fn upload(
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

#[cfg(target_os = "linux")]
#[tokio::test]
async fn hundred_unread_uploads_hold_little_memory() {
    use crate::support::process::Process;
    const AT_MOST: u64 = 40 * 1024;
    let mut process = Process::start(&["--listen", "127.0.0.1:0", "--redirect", "off", "--threads", "1"]);
    let address = process.address("https");
    let mut client = client(address).await;
    let (response, _first) = upload(&mut client, "/echo", 1);
    soon("a response", response).await.expect("a response");
    let before = process.memory("VmRSS");
    let mut unread = Vec::new();
    for _ in 0..99 {
        unread.push(upload(&mut client, "/echo", 4 * MIB));
    }
    let held = || process.memory("VmRSS").saturating_sub(before);
    // The window is full when memory stops growing.
    let mut last = u64::MAX;
    let full = async {
        while held() != last || last < 8 * 1024 {
            last = held();
            tokio::time::sleep(SHORT).await;
        }
    };
    timeout(PATIENCE, full).await.expect("it fills");
    assert!(held() < AT_MOST, "{} KiB", held());
}

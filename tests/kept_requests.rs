//! A request's content that an application keeps does not hold its connection.

use crate::support::{PATIENCE, TestServer, raw, soon};
use axum::{Router, body::Body, extract::RawBody, routing::post};
use axum_trailers::server::Limits;
use bytes::Bytes;
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{io::AsyncWriteExt, time::sleep};

/// Contents that nobody reads, and nobody drops.
type Kept = Arc<Mutex<Vec<Body>>>;

fn app(kept: &Kept) -> Router {
    let kept = kept.clone();
    let keep = move |RawBody(body): RawBody| async move {
        kept.lock().expect("no panic").push(body);
        "kept"
    };
    Router::new().route("/", post(keep))
}

/// hyper does not read an HTTP/1.1 connection whose content nobody wants, so a client that is gone is one that is idle.
fn limits() -> Limits {
    Limits { connections: 2, idle: Duration::from_millis(300), ..Limits::default() }
}

async fn no_connection(server: &TestServer) {
    soon("the end of all connections", async {
        while server.handle.connections() > 0 {
            sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

/// Leaves a request behind whose content goes on for as long as its client is there.
async fn leave_one(server: &TestServer, protocol: &str) {
    if protocol == "h2" {
        let mut client = raw::http2(server.address).await;
        let request = http_1::Request::post("https://localhost/").body(()).expect("a request");
        let (response, mut content) = client.send_request(request, false).expect("sent");
        content.send_data(Bytes::from("hello"), false).expect("sent");
        soon("a response", response).await.expect("a response");
        return;
    }
    let mut client = raw::tls(server.address, "http/1.1").await;
    let request = b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n";
    client.write_all(request).await.expect("sent");
    soon("a response", tokio::io::AsyncReadExt::read(&mut client, &mut [0; 16])).await.expect("a response");
}

#[tokio::test]
async fn kept_contents_leave_room_for_other_clients_and_hold_no_shutdown_up() {
    let kept = Kept::default();
    let mut server = TestServer::limited(app(&kept), limits());
    for n in 1..=3 {
        for protocol in ["http/1.1", "h2"] {
            leave_one(&server, protocol).await;
            no_connection(&server).await;
        }
        assert_eq!(kept.lock().expect("no panic").len(), 2 * n, "the application still has them");
    }
    soon("the end", server.handle.drain(2 * PATIENCE)).await;
    soon("the end", &mut server.served).await.expect("no panic").expect("no error");
    assert_eq!(kept.lock().expect("no panic").len(), 6);
}

#[tokio::test]
async fn kept_content_is_broken_once_its_client_is_gone() {
    use axum::body::HttpBody;
    let kept = Kept::default();
    let server = TestServer::limited(app(&kept), limits());
    for protocol in ["http/1.1", "h2"] {
        leave_one(&server, protocol).await;
        no_connection(&server).await;
        let mut content = kept.lock().expect("no panic").pop().expect("one");
        let broken = async {
            while let Some(chunk) = content.data().await {
                if chunk.is_err() {
                    return true;
                }
            }
            false
        };
        assert!(soon("the end of the content", broken).await, "{protocol}");
    }
}

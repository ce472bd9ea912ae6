//! A request's content that an application keeps does not hold the connection after the client has left.

use super::prelude::{Content, RawBody, ReadContent, Router, post};
use crate::support::{
    PATIENCE, TestServer,
    protocols::{Protocol, over_each_protocol},
    raw, soon, with,
};
use axum_trailers_server::Limits;
use std::{
    future::pending,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::sleep,
};

/// Contents that are neither read nor dropped.
type Kept = Arc<Mutex<Vec<Content>>>;

/// `/answered` responds at once, `/unanswered` never.
fn app(kept: &Kept) -> Router {
    let keep = |kept: &Kept| {
        let kept = kept.clone();
        move |body| kept.lock().expect("no panic").push(body)
    };
    let (answered, unanswered) = (keep(kept), keep(kept));
    Router::new().route("/answered", post(|RawBody(body): RawBody| async move { answered(body) })).route(
        "/unanswered",
        post(|RawBody(body): RawBody| async move {
            unanswered(body);
            pending::<()>().await;
        }),
    )
}

async fn no_connection(server: &TestServer, what: &str) {
    soon(what, async {
        while server.handle.connections() > 0 {
            sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

/// How a client leaves.
#[derive(Clone, Copy, Debug)]
enum Leaves {
    /// With a FIN and no `close_notify`.
    Fin,
    Reset,
}

/// Sends a request whose content never ends, then leaves.
async fn leave_one(server: &TestServer, kept: &Kept, protocol: &str, path: &str, leaves: Leaves) {
    let before = kept.lock().expect("no panic").len();
    let mut client = match protocol {
        "h2" => raw::http2_began(server.address, "POST", path).await,
        _ => raw::tls(server.address, "http/1.1").await,
    };
    let content = match protocol {
        "h2" => raw::http2_frame(0, 0, 1, b"hello"),
        _ => format!("POST {path} HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n")
            .into_bytes(),
    };
    client.write_all(&content).await.expect("sent");
    client.flush().await.expect("sent");
    soon("the handler", async {
        while kept.lock().expect("no panic").len() == before {
            sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    if path == "/answered" && protocol != "h2" {
        soon("a response", client.read(&mut [0; 16])).await.expect("a response");
    }
    if let Leaves::Reset = leaves {
        client.get_ref().0.set_zero_linger().expect("set");
    }
}

over_each_protocol! {
    kept_content_is_broken_once_its_client_is_gone;
    kept_content_is_whole_if_its_client_stays;
}

const PATHS: [&str; 2] = ["/answered", "/unanswered"];

/// What both of them have: a client that leaves over TCP.
const OVER_TCP: [&str; 2] = ["http/1.1", "h2"];

#[tokio::test]
async fn kept_contents_leave_room_for_other_clients_and_hold_no_shutdown_up() {
    let kept = Kept::default();
    let mut server = TestServer::limited(app(&kept), with!(Limits { connections: 1 }));
    for leaves in [Leaves::Fin, Leaves::Reset] {
        for path in PATHS {
            for protocol in OVER_TCP {
                leave_one(&server, &kept, protocol, path, leaves).await;
                no_connection(&server, &format!("the end of {path} over {protocol} by {leaves:?}")).await;
            }
        }
    }
    assert_eq!(kept.lock().expect("no panic").len(), 8, "the application still has them");
    soon("the end", server.handle.drain(2 * PATIENCE)).await;
    soon("the end", &mut server.served).await.expect("no panic").expect("no error");
    assert_eq!(kept.lock().expect("no panic").len(), 8);
}

async fn kept_content_is_broken_once_its_client_is_gone(protocol: Protocol) {
    let kept = Kept::default();
    let mut server = TestServer::limited(app(&kept), with!(Limits { connections: 1 }));
    for path in PATHS {
        let client = protocol.client(server.address).await;
        let mut upload = client.request("POST", path).body("hello").begin().await.expect("a stream");
        soon("the handler", async {
            while kept.lock().expect("no panic").is_empty() {
                sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
        let response = if path == "/answered" { upload.response().await.ok() } else { None };
        client.close();
        drop((upload, response));
        no_connection(&server, "the end of the connection, although the content is kept").await;
        let mut content = kept.lock().expect("no panic").pop().expect("one");
        let broken = async {
            while let Some(chunk) = content.data().await {
                if chunk.is_err() {
                    return true;
                }
            }
            false
        };
        assert!(soon("the end of the content", broken).await, "{path}");
        kept.lock().expect("no panic").clear();
    }
    soon("the end", server.handle.drain(2 * PATIENCE)).await;
    soon("the end", &mut server.served).await.expect("no panic").expect("no error");
}

/// More than is buffered.
const LENGTH: usize = 200_000;

async fn kept_content_is_whole_if_its_client_stays(protocol: Protocol) {
    let kept = Kept::default();
    let server = TestServer::start(app(&kept));
    let client = protocol.client(server.address).await;
    let request = client.request("POST", "/unanswered").header("content-length", LENGTH.to_string());
    let mut upload = request.begin().await.expect("a stream");
    let sending = tokio::spawn(async move {
        assert!(upload.send_as_taken(vec![b'x'; LENGTH]).await);
        upload.end("").await;
        upload
    });
    sleep(Duration::from_millis(300)).await;
    let mut content = kept.lock().expect("no panic").pop().expect("one");
    let mut came = 0;
    while let Some(chunk) = soon("content", content.data()).await {
        came += chunk.unwrap_or_else(|error| panic!("after {came} bytes: {error}")).len();
    }
    assert_eq!(came, LENGTH);
    drop(sending.await.expect("no panic"));
}

//! If the rest of a request is not read, its response still arrives whole, without a reset.

use super::prelude::{RawBody, ReadContent, Router, StatusCode, get, post};
use crate::support::{
    TestServer,
    protocols::{Protocol, over_each_protocol, read},
    raw, soon, with, workbench,
};
use axum_trailers_server::Limits;
use axum_trailers_workbench::export::grpc::v1::exports_server::SERVICE_NAME;
use bytes::Bytes;
use futures_util::FutureExt;
use h2::{Reason, SendStream, client::SendRequest};
use std::{future::poll_fn, time::Duration};
use tokio::time::sleep;

/// More than a client may send before the server reads it.
const UPLOAD: usize = 4 * 1024 * 1024;

fn app() -> Router {
    let first_chunk = post(|RawBody(mut body): RawBody| async move {
        body.data().await.expect("data").expect("no error");
        "enough"
    });
    // Longer than a client may be silent after its response.
    let slow = || async {
        sleep(Duration::from_secs(3)).await;
        "slow"
    };
    Router::new()
        .route("/unread", post(|| async { "unread" }))
        .route("/refused", post(|| async { (StatusCode::FORBIDDEN, "refused") }))
        .route("/first-chunk", first_chunk)
        .route("/slow", post(slow))
        .route("/get", get(|| async { "got" }))
}

fn serve() -> TestServer {
    let limits = with!(Limits { header_section: 8 * 1024 });
    TestServer::with(app(), |server| server.limits(limits).grpc(SERVICE_NAME, workbench(".").grpc()))
}

/// Sends the head of an upload and one byte, and reads the response to its end.
async fn refused(
    client: &mut SendRequest<Bytes>,
    path: &str,
    field: (&str, &str),
) -> (u16, SendStream<Bytes>) {
    let request = http::Request::post(format!("https://localhost{path}")).header(field.0, field.1);
    let (response, mut upload) =
        client.send_request(request.body(()).expect("a request"), false).expect("sent");
    upload.send_data(Bytes::from_static(b"0"), false).expect("sent");
    let response = soon("a response", response).await.expect("a response");
    let status = response.status().as_u16();
    raw::http2_read(&mut response.into_body()).await.expect("whole");
    (status, upload)
}

/// Sends data as the windows allow.
async fn send(upload: &mut SendStream<Bytes>, size: usize) {
    let mut left = size;
    while left > 0 {
        upload.reserve_capacity(left.min(16 * 1024));
        let capacity = soon("a window", poll_fn(|cx| upload.poll_capacity(cx))).await;
        let capacity = capacity.expect("the stream is open").expect("no reset");
        upload.send_data(Bytes::from(vec![0; capacity]), false).expect("sent");
        left -= capacity;
    }
}

fn reset(upload: &mut SendStream<Bytes>) -> Option<Reason> {
    poll_fn(|cx| upload.poll_reset(cx)).now_or_never().map(|reset| reset.expect("a reason"))
}

over_each_protocol! {
    response_is_whole_although_its_request_goes_on;
    client_that_goes_on_does_not_hold_up_the_end;
}

/// Also a client that first sends everything gets it.
async fn response_is_whole_although_its_request_goes_on(protocol: Protocol) {
    let server = serve();
    let client = protocol.client(server.address).await;
    let large = "a".repeat(10 * 1024);
    for (path, field, status, content) in [
        ("/unread", ("x-a", "b"), 200, "unread"),
        ("/refused", ("x-a", "b"), 403, "refused"),
        ("/nowhere", ("x-a", "b"), 404, ""),
        ("/get", ("x-a", "b"), 405, ""),
        ("/first-chunk", ("x-a", "b"), 200, "enough"),
        ("/slow", ("x-a", "b"), 200, "slow"),
        ("/unread", ("x-a", &large), 431, ""),
    ] {
        for sent in [1, UPLOAD] {
            let request = client.request("POST", path).header(field.0, field.1);
            let mut upload = request.begin().await.expect("a stream");
            // The server need not take all of it.
            let mut left = sent;
            while left > 0 && soon("room", upload.send_as_taken(vec![0; left.min(16 * 1024)])).await {
                left -= left.min(16 * 1024);
            }
            let response = upload.response().await.expect("a response");
            assert_eq!(response.status(), status, "{path} after {sent} bytes");
            let came = response.text().await.expect("whole");
            assert!(content.is_empty() || came == content, "{path} after {sent} bytes: {came}");
        }
        read(client.get("/get").await).await.expect("the connection goes on");
    }
}

async fn client_that_goes_on_does_not_hold_up_the_end(protocol: Protocol) {
    let mut server = serve();
    let client = protocol.client(server.address).await;
    let mut upload = client.request("POST", "/unread").body("0").begin().await.expect("a stream");
    let response = upload.response().await.expect("a response");
    assert_eq!(response.text().await.expect("whole"), "unread");
    let sending = tokio::spawn(async move {
        while upload.send_as_taken("0").await {
            sleep(Duration::from_millis(20)).await;
        }
    });
    sleep(Duration::from_millis(500)).await;
    let handle = server.handle.clone();
    let drained = tokio::spawn(async move { handle.drain(Duration::from_secs(60)).await });
    soon("the end", &mut server.served).await.expect("no panic").expect("no error");
    soon("the end", drained).await.expect("no panic");
    soon("the end of the upload", sending).await.expect("no panic");
}

#[tokio::test]
async fn client_may_send_its_request_to_the_end() {
    let server = serve();
    let large = "a".repeat(10 * 1024);
    let grpc = ("content-type", "application/grpc");
    let unknown_method = format!("/{SERVICE_NAME}/Nothing");
    for (path, field, status) in [
        ("/unread", ("x-a", "b"), 200),
        ("/refused", ("x-a", "b"), 403),
        ("/nowhere", ("x-a", "b"), 404),
        ("/get", ("x-a", "b"), 405),
        ("/first-chunk", ("x-a", "b"), 200),
        ("/slow", ("x-a", "b"), 200),
        ("/unread", ("x-a", &large), 431),
        (&unknown_method, ("content-type", "text/plain"), 415),
        (&unknown_method, grpc, 200),
    ] {
        let mut client = raw::http2(server.address).await;
        let (came, mut upload) = refused(&mut client, path, field).await;
        assert_eq!(came, status, "{path}");
        send(&mut upload, UPLOAD).await;
        assert_eq!(reset(&mut upload), None, "{path}");
        upload.send_data(Bytes::new(), true).expect("sent");
        // Any reset of the upload would arrive before this response.
        raw::http2_read(&mut raw::http2_get(&mut client, "/get").await).await.expect("served");
        assert_eq!(reset(&mut upload), None, "{path}");
    }
}

#[tokio::test]
async fn silent_client_is_told_to_stop() {
    let server = serve();
    let mut client = raw::http2(server.address).await;
    let (_, mut upload) = refused(&mut client, "/first-chunk", ("x-a", "b")).await;
    assert_eq!(reset(&mut upload), None, "not with the response");
    let told = soon("a reset", poll_fn(|cx| upload.poll_reset(cx))).await;
    assert_eq!(told.expect("a reason"), Reason::NO_ERROR);
}

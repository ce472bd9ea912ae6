//! A handler learns about the connection of its request, and how the request is framed.

use super::prelude::{Extension, RawBody, Router, post};
use crate::support::{
    TestServer,
    protocols::{Protocol, over_each_protocol},
    raw, soon,
    upload::Upload,
};
use axum_trailers::{
    request::RequestBody,
    trailers::server::{BreakConnection, BreakKind, BreakPoint, ConnectionInfo},
};
use futures_util::StreamExt;
use tokio::{io::AsyncWriteExt, net::TcpStream};

fn described(info: &ConnectionInfo) -> String {
    format!(
        "{:?} {:?} {:?} new={} {:?} {:?}\n",
        info.alpn(),
        info.sni(),
        info.tls_version(),
        info.is_new(),
        info.framing(),
        info.forbidden_trailers(),
    )
}

fn app() -> Router {
    let read = |Extension(info): Extension<ConnectionInfo>, mut body: RequestBody| async move {
        assert_eq!(info.forbidden_trailers().len(), 0, "they have not arrived");
        while let Some(Ok(_)) = body.next().await {}
        described(&info)
    };
    let unread = |Extension(info): Extension<ConnectionInfo>, _body: RawBody| async move { described(&info) };
    Router::new().route("/", post(read).put(read)).route("/unread", post(unread).get(unread))
}

const TLS: &str = r#"Some("http/1.1") Some("localhost") Some("TLSv1.3")"#;

#[tokio::test]
async fn connection_is_described_and_only_its_first_request_is_new() {
    const REQUESTS: &str = "GET /unread HTTP/1.1\r\nhost: a\r\n\r\n\
        POST /unread HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let server = TestServer::start(app());
    let wire = raw::http1(server.address, REQUESTS).await;
    for line in [format!("{TLS} new=true None []\n"), format!("{TLS} new=false ContentLength(0) []\n")] {
        assert!(wire.contains(&line), "{line}: {wire}");
    }
    let server = TestServer::plain(app(), |server| server);
    let mut client = TcpStream::connect(server.address).await.expect("a connection");
    client.write_all(REQUESTS.as_bytes()).await.expect("sent");
    let wire = raw::rest(&mut client).await;
    assert!(wire.contains("None None None new=true None []\n"), "{wire}");
}

#[tokio::test]
async fn client_without_alpn_has_none() {
    let server = TestServer::start(app());
    let tcp = TcpStream::connect(server.address).await.expect("a connection");
    let mut client = raw::handshake(tcp, &[]).await;
    let request = b"GET /unread HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    client.write_all(request).await.expect("sent");
    let wire = raw::rest(&mut client).await;
    assert!(wire.contains(r#"None Some("localhost") Some("TLSv1.3") new=true"#), "{wire}");
}

over_each_protocol! {
    framing_and_names_of_forbidden_trailers_are_known;
}

async fn framing_and_names_of_forbidden_trailers_are_known(protocol: Protocol) {
    let server = TestServer::start(app());
    let trailers = &[("x-a", "1"), ("authorization", "secret"), ("host", "b"), ("host", "c")];

    let framing = if protocol == Protocol::Http1 { "Chunked" } else { "Frames" };
    for (trailers, names) in [(&trailers[..], r#"["authorization", "host"]"#), (&trailers[..1], "[]")] {
        let upload = Upload { chunks: &["hello"], trailers, ..Upload::default() };
        let answer = upload.send(protocol, server.address).await;
        let expected = format!(" new=true {framing} {names}\n");
        assert!(answer.content.ends_with(&expected), "{protocol}: {answer:?}");
    }
    let fields = &[("content-length", "5")];
    let upload = Upload { chunks: &["hello"], fields, ..Upload::default() };
    if protocol != Protocol::Http1 {
        let answer = upload.send(protocol, server.address).await;
        assert!(answer.content.contains(" ContentLength(5) []"), "{protocol}: {answer:?}");
    }
}

/// A handler can tell its client why a break is impossible, before the response.
#[tokio::test]
async fn break_can_be_checked_before_the_response() {
    let handler = |Extension(info): Extension<ConnectionInfo>| async move {
        let asked = BreakConnection::new(BreakKind::GoAway, BreakPoint::Body);
        let version = if info.alpn() == Some("h2") { http::Version::HTTP_2 } else { http::Version::HTTP_11 };
        asked.check(&info, version).map_or_else(|error| error.to_string(), |()| "possible".to_owned())
    };
    let server = TestServer::start(Router::new().route("/", post(handler)));
    let wire = raw::http1(
        server.address,
        "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
    )
    .await;
    assert!(wire.ends_with("a GOAWAY needs HTTP/2"), "{wire}");
    let upload = Upload { method: "POST", ..Upload::default() };
    let answer = soon("an answer", upload.send(Protocol::Http2, server.address)).await;
    assert_eq!(answer.content, "possible");
}

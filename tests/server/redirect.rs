//! Plain HTTP is redirected to HTTPS, path and query kept.

use super::prelude::producer::Producers;
use crate::support::{TestServer, clients, read};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

fn server() -> TestServer {
    TestServer::with(Producers::new().router(), |server| server.redirect("127.0.0.1:0").expect("a free port"))
}

#[tokio::test]
async fn every_method_is_redirected_with_308() {
    let server = server();
    let plain = server.redirect.expect("a redirect").port();
    let (_, client) = clients().into_iter().next().expect("a client");
    for method in [reqwest::Method::GET, reqwest::Method::POST, reqwest::Method::HEAD] {
        let url = format!("http://localhost:{plain}/a%20b/?q=1&q=2");
        let response = client.request(method, url).send().await.expect("a response");
        assert_eq!(response.status(), 308);
        assert_eq!(response.headers()["location"], server.url("/a%20b/?q=1&q=2"));
    }
    let response = client.get(format!("http://localhost:{plain}/ok")).send().await.expect("a response");
    let target = response.headers()["location"].to_str().expect("text").to_owned();
    let content = read(client.get(target).send().await.expect("a response")).await.expect("no error").content;
    assert_eq!(content, b"ok");
}

#[tokio::test]
async fn plain_port_speaks_http1_alone_and_needs_a_host() {
    let server = server();
    for (bytes, expected) in [
        ("GET / HTTP/1.0\r\n\r\n", "HTTP/1.0 400 "),
        ("GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400 "),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0", ""),
    ] {
        let mut client =
            TcpStream::connect(server.redirect.expect("a redirect")).await.expect("a connection");
        client.write_all(bytes.as_bytes()).await.expect("sent");
        // hyper treats a half-closed client as gone.
        let mut begin = vec![0; expected.len()];
        client.read_exact(&mut begin).await.expect("an answer");
        assert_eq!(String::from_utf8_lossy(&begin), expected);
        client.shutdown().await.expect("sent");
        let mut wire = String::new();
        let end = client.read_to_string(&mut wire).await;
        assert!(!expected.is_empty() || wire.is_empty(), "{wire:?} {end:?}");
    }
}

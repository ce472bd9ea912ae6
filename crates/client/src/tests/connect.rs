use super::peer::{failure, response, send};
use crate::{Client, ConnectError, Connector, Error, Protocol, Proxy};
use bytes::Bytes;
use http::Request;
use http_body_util::Empty;
use std::{io::ErrorKind, net::IpAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

const DONE: &str = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

fn get(url: &str) -> Request<Empty<Bytes>> {
    Request::get(url).body(Empty::new()).expect("a request")
}

async fn listen() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    (listener, port)
}

/// A port that nobody listens on.
async fn closed_port() -> u16 {
    listen().await.1
}

async fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        assert!(stream.read_buf(&mut head).await.expect("a request") > 0);
    }
    String::from_utf8(head).expect("text")
}

/// Accepts a connection, and answers a request.
async fn respond(listener: &TcpListener, text: &str) -> (TcpStream, String) {
    let (mut stream, _) = listener.accept().await.expect("a connection");
    let head = head(&mut stream).await;
    stream.write_all(text.as_bytes()).await.expect("the client reads");
    (stream, head)
}

async fn error(connector: Connector, url: &str) -> ConnectError {
    match failure(send(&Client::with(connector), get(url))).await {
        Error::Connect(error) => error,
        error => panic!("{error:?}"),
    }
}

#[tokio::test]
async fn failure_names_host_port_and_reason() {
    let port = closed_port().await;
    let refused = error(Connector::new(), &format!("http://127.0.0.1:{port}/")).await.to_string();
    assert_eq!(refused, format!("can't connect to 127.0.0.1:{port}: Connection refused (os error 111)"));
    let refused = error(Connector::new(), &format!("https://[::1]:{port}/")).await.to_string();
    assert!(refused.starts_with(&format!("can't connect to [::1]:{port}: ")), "{refused}");
    let unknown = error(Connector::new(), "http://user:password@nowhere.invalid/").await.to_string();
    assert!(unknown.starts_with("can't connect to nowhere.invalid:80: "), "{unknown}");
}

#[tokio::test]
async fn given_addresses_count_for_their_name_and_port() {
    let (listener, port) = listen().await;
    let loopback: IpAddr = "127.0.0.1".parse().expect("an address");
    let connector = || {
        Connector::new().resolve("Other.test", port, ["::1".parse().expect("an address")]).resolve(
            "Other.test",
            port,
            [loopback],
        )
    };
    let client = Client::with(connector());
    let exchanging = send(&client, get(&format!("http://OTHER.test:{port}/")));
    let (_stream, head) = respond(&listener, DONE).await;
    assert_eq!(head, format!("GET / HTTP/1.1\r\nhost: other.test:{port}\r\n\r\n"));
    response(exchanging).await;

    for url in [format!("http://elsewhere.invalid:{port}/"), "http://other.test.invalid:1/".to_owned()] {
        let error = error(connector(), &url).await;
        let is_unknown = matches!(error, ConnectError::Failed { kind: ErrorKind::NotFound, .. });
        assert!(is_unknown, "{url}: {error:?}");
    }
    drop(listener);
    let error = error(connector(), &format!("http://other.test:{port}/")).await;
    let is_refused = matches!(error, ConnectError::Failed { kind: ErrorKind::ConnectionRefused, .. });
    assert!(is_refused, "{error:?}");
}

#[tokio::test]
async fn next_address_is_tried() {
    let (listener, port) = listen().await;
    let addresses = ["::1", "127.0.0.1"].map(|address| address.parse().expect("an address"));
    let client = Client::with(Connector::new().resolve("both.test", port, addresses));
    let exchanging = send(&client, get(&format!("http://both.test:{port}/")));
    let (_stream, _) = respond(&listener, DONE).await;
    response(exchanging).await;
}

#[tokio::test]
async fn connection_that_takes_too_long_is_none() {
    let (listener, port) = listen().await;
    let bound = Duration::from_millis(20);
    // It accepts, but there is no handshake.
    let error = error(Connector::new().timeout(bound), &format!("https://127.0.0.1:{port}/")).await;
    assert_eq!(error, ConnectError::Timeout(bound));
    assert_eq!(error.to_string(), "no connection after 0.02 s");
    drop(listener);
}

#[tokio::test]
async fn plain_http2_needs_prior_knowledge() {
    let (listener, port) = listen().await;
    let client = Client::with(Connector::new().protocol(Protocol::Http2));
    let exchanging = send(&client, get(&format!("http://127.0.0.1:{port}/")));
    let (stream, _) = listener.accept().await.expect("a connection");
    let mut server = h2::server::handshake(stream).await.expect("HTTP/2");
    let (_, mut respond) = server.accept().await.expect("a request").expect("no error");
    respond.send_response(http::Response::new(()), true).expect("it is awaited");
    let serving = tokio::spawn(async move { server.accept().await.is_none() });
    assert_eq!(response(exchanging).await.version(), http::Version::HTTP_2);
    serving.abort();
}

#[tokio::test]
async fn proxy_opens_a_tunnel() {
    let (proxy, port) = listen().await;
    let with_user = format!("user:pass%20word@127.0.0.1:{port}");
    for (url, auth) in [
        (format!("http://127.0.0.1:{port}"), ""),
        (format!("127.0.0.1:{port}"), ""),
        (with_user, "proxy-authorization: Basic dXNlcjpwYXNzIHdvcmQ=\r\n"),
    ] {
        let settings = Proxy::new(&url).expect("a proxy");
        let client = Client::with(Connector::new().proxy(settings));
        let exchanging = send(&client, get("http://server.test:81/path"));
        let (mut stream, head) = respond(&proxy, "HTTP/1.1 200 Connection established\r\n\r\n").await;
        let expected = format!("CONNECT server.test:81 HTTP/1.1\r\nhost: server.test:81\r\n{auth}\r\n");
        assert_eq!(head, expected);
        let request = self::head(&mut stream).await;
        assert_eq!(request, "GET /path HTTP/1.1\r\nhost: server.test:81\r\n\r\n");
        stream.write_all(DONE.as_bytes()).await.expect("the client reads");
        response(exchanging).await;
    }
}

#[tokio::test]
async fn refusal_of_a_proxy_has_its_status() {
    let (proxy, port) = listen().await;
    for (answer, reason) in [
        (
            "HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n",
            "407 Proxy Authentication Required",
        ),
        ("HTTP/1.1 403 Forbidden\r\n\r\nno", "403 Forbidden"),
        ("SSH-2.0\r\n", ""),
        ("", ""),
        ("HTTP/1.1 200 OK\r\n\r\nGET", "content in front of the server's"),
    ] {
        let settings = Proxy::new(&format!("http://user:secret@127.0.0.1:{port}")).expect("a proxy");
        let client = Client::with(Connector::new().proxy(settings));
        let exchanging = send(&client, get("https://server.test/"));
        drop(respond(&proxy, answer).await);
        let error = failure(exchanging).await;
        let text = error.to_string();
        assert!(matches!(error, Error::Connect(ConnectError::Proxy { .. })), "{error:?}");
        assert!(text.starts_with(&format!("the proxy 127.0.0.1:{port} does not open a tunnel: ")), "{text}");
        assert!(text.contains(reason) && !text.contains("secret"), "{text}");
    }
}

#[tokio::test]
async fn proxy_that_does_not_listen_is_named() {
    let port = closed_port().await;
    let settings = Proxy::new(&format!("user:secret@127.0.0.1:{port}")).expect("a proxy");
    let text = error(Connector::new().proxy(settings), "http://server.test/").await.to_string();
    assert!(text.starts_with(&format!("can't connect to the proxy 127.0.0.1:{port}: ")), "{text}");
}

#[tokio::test]
async fn exceptions_pass_no_proxy() {
    let (server, port) = listen().await;
    let settings = Proxy::new("http://proxy.invalid:1").expect("a proxy").except("example.com, 127.0.0.0/8");
    let client = Client::with(Connector::new().proxy(settings));
    let exchanging = send(&client, get(&format!("http://127.0.0.1:{port}/")));
    let (_stream, _) = respond(&server, DONE).await;
    response(exchanging).await;
}

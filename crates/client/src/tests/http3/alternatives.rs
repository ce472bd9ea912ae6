use super::server::{OK, Peer, Server, get, untrusted};
use crate::{
    Client, Connector, Protocol, Proxy, Tls, Transport,
    tests::{
        peer::{read, response, send},
        tls::{accept, demo, trusting_demo},
    },
};
use axum_trailers_quic::{Bounds, Connection, h3};
use axum_trailers_testing::http3::{HEADERS, frame};
use http::{Request, Version};
use http_body_util::Empty;
use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, UdpSocket},
};
use tokio_rustls::server::TlsStream;

/// An origin over TCP, whose responses name an alternative.
struct Origin {
    listener: TcpListener,
    url: String,
}

impl Origin {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("https://127.0.0.1:{}/", listener.local_addr().expect("an address").port());
        Self { listener, url }
    }

    async fn accept(&self) -> TlsStream<TcpStream> {
        accept(&self.listener, demo(&[b"http/1.1"])).await.expect("a handshake")
    }
}

/// Responds to a request over HTTP/1.1 with this alternative.
async fn respond(stream: &mut TlsStream<TcpStream>, alt_svc: &str) {
    send_head(stream, alt_svc, 0).await;
}

/// The same, without the only byte of its content.
async fn begin(stream: &mut TlsStream<TcpStream>, alt_svc: &str) {
    send_head(stream, alt_svc, 1).await;
}

async fn send_head(stream: &mut TlsStream<TcpStream>, alt_svc: &str, length: usize) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        assert!(stream.read_buf(&mut head).await.expect("a request") > 0);
    }
    let text = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nalt-svc: {alt_svc}\r\n\r\n");
    stream.write_all(text.as_bytes()).await.expect("the client reads");
}

/// Requests at the same time.
const AT_ONCE: usize = 3;

fn port(server: &Server) -> &str {
    server.url.trim_end_matches('/').rsplit(':').next().expect("a port")
}

fn following(connector: Connector) -> Client {
    Client::with(connector.alt_svc(true))
}

/// A client that has sent one request to an origin, whose response named this alternative, and the open connection.
async fn told(connector: Connector, alt_svc: &str) -> (Client, Origin, TlsStream<TcpStream>) {
    let client = following(connector);
    let origin = Origin::start().await;
    let exchanging = send(&client, get(&origin.url));
    let mut stream = origin.accept().await;
    respond(&mut stream, alt_svc).await;
    assert_eq!(read(response(exchanging).await).await.2, None);
    (client, origin, stream)
}

/// What a client says about alternatives that have failed.
#[derive(Clone, Default)]
struct Fallbacks(Arc<Mutex<Vec<(String, String)>>>);

impl Fallbacks {
    fn of(&self, connector: Connector) -> Connector {
        let all = self.0.clone();
        connector.on_fallback(move |alternative, reason| {
            all.lock().expect("no panic").push((alternative.to_owned(), reason.to_string()));
        })
    }

    /// There is one, of the alternative with this port.
    fn assert(&self, port: &str, reason: &str) {
        let all = self.0.lock().expect("no panic");
        let [(alternative, given)] = &all[..] else { panic!("{all:?}") };
        assert_eq!(*alternative, format!("127.0.0.1:{port}"));
        assert!(given.contains(reason), "{given}");
    }
}

async fn respond_over_quic(peer: &Peer) {
    let mut asked = peer.asked().await;
    asked.send(frame(HEADERS, OK)).await.finish();
}

#[tokio::test]
async fn next_requests_use_the_alternative_and_name_it() {
    let server = Server::start();
    let alternative = format!("h2=\":1\", h3=\":{}\"; ma=60", port(&server));
    let (client, origin, _stream) = told(Connector::new().tls(trusting_demo()), &alternative).await;
    let exchanging = tokio::spawn({
        let (client, url) = (client.clone(), origin.url.clone());
        async move {
            let mut versions = Vec::new();
            for _ in 0..2 {
                let response = client.exchange(get(&url)).await.expect("a response");
                versions.push(response.extensions().get::<Transport>().expect("each has it").version);
                assert_eq!(read(response).await.2, None);
            }
            versions
        }
    });
    let (connection, _streams) = Connection::new(server.accept_quic().await, Bounds::default());
    let mut connection = h3::server::Connection::new(connection).await.expect("an open connection");
    for _ in 0..2 {
        let resolver = connection.accept().await.expect("an open connection").expect("a request");
        let (head, mut stream) = resolver.resolve_request().await.expect("a request");
        assert_eq!(head.uri().to_string(), origin.url);
        assert_eq!(head.headers()["alt-used"], format!("127.0.0.1:{}", port(&server)));
        stream.send_response(http::Response::new(())).await.expect("an open stream");
        stream.finish().await.expect("an open stream");
    }
    let versions = tokio::select! {
        versions = exchanging => versions.expect("no panic"),
        _ = connection.accept() => panic!("no other request"),
    };
    assert_eq!(versions, [Version::HTTP_3; 2]);
}

#[tokio::test]
async fn requests_at_the_same_time_share_one_connection_to_the_alternative() {
    let server = Server::start();
    let (client, origin, _stream) =
        told(Connector::new().tls(trusting_demo()), &format!("h3=\":{}\"", port(&server))).await;
    let exchanging: Vec<_> = (0..AT_ONCE).map(|_| send(&client, get(&origin.url))).collect();
    let peer = server.accept().await;
    let respond = async {
        for _ in 0..AT_ONCE {
            respond_over_quic(&peer).await;
        }
    };
    tokio::select! {
        () = respond => {}
        _another = server.try_accept() => panic!("one is enough"),
    }
    for exchanging in exchanging {
        assert_eq!(response(exchanging).await.version(), Version::HTTP_3);
    }
}

#[tokio::test]
async fn requests_at_the_same_time_try_an_alternative_once_and_go_on_over_tcp() {
    let silent = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
    let alternative = format!("h3=\":{}\"", silent.local_addr().expect("an address").port());
    let connector = Connector::new().tls(trusting_demo()).timeout(Duration::from_millis(500));
    let (client, origin, mut stream) = told(connector, &alternative).await;
    let exchanging: Vec<_> = (0..AT_ONCE).map(|_| send(&client, get(&origin.url))).collect();
    // One has the open connection.
    respond(&mut stream, &alternative).await;
    let mut streams = Vec::new();
    for _ in 1..AT_ONCE {
        let mut stream = origin.accept().await;
        respond(&mut stream, &alternative).await;
        streams.push(stream);
    }
    for exchanging in exchanging {
        assert_eq!(response(exchanging).await.version(), Version::HTTP_11);
    }
    let mut packet = [0; 2048];
    let (_, first) = silent.recv_from(&mut packet).await.expect("a packet");
    let mut clients = HashSet::from([first]);
    while let Ok((length, client)) = silent.try_recv_from(&mut packet) {
        // A packet of one byte asks whether anyone is there.
        if length > 1 {
            clients.insert(client);
        }
    }
    assert_eq!(clients.len(), 1);
}

#[tokio::test]
async fn request_that_ends_over_tcp_leaves_the_connection_to_the_alternative_to_others() {
    let server = Server::start();
    let alternative = format!("h3=\":{}\"", port(&server));
    let client = following(Connector::new().tls(trusting_demo()));
    let origin = Origin::start().await;
    // Its alternative is known once its head has arrived.
    let exchanging = send(&client, get(&origin.url));
    let mut stream = origin.accept().await;
    begin(&mut stream, &alternative).await;
    let over_tcp = response(exchanging).await;
    let exchanging = send(&client, get(&origin.url));
    let peer = server.accept().await;
    respond_over_quic(&peer).await;
    assert_eq!(read(response(exchanging).await).await.2, None);
    stream.write_all(b"a").await.expect("the client reads");
    assert_eq!(read(over_tcp).await, ("a".to_owned(), None, None));
    let exchanging = send(&client, get(&origin.url));
    tokio::select! {
        () = respond_over_quic(&peer) => {}
        _another = server.try_accept() => panic!("one is enough"),
    }
    assert_eq!(response(exchanging).await.version(), Version::HTTP_3);
}

#[tokio::test]
async fn alternative_that_is_not_there_or_not_trusted_is_left_for_tcp() {
    let other = Server::with(untrusted());
    let silent = std::net::UdpSocket::bind("127.0.0.1:0").expect("a port");
    let silent_port = silent.local_addr().expect("an address").port();
    for (port, reason) in [
        (port(&other).to_owned(), "the server's certificate is not trusted"),
        (silent_port.to_string(), "no connection after 0.5 s"),
    ] {
        let fallbacks = Fallbacks::default();
        let connector =
            fallbacks.of(Connector::new().tls(trusting_demo()).timeout(Duration::from_millis(500)));
        let (client, origin, mut stream) = told(connector, &format!("h3=\":{port}\"")).await;
        let exchanging = send(&client, get(&origin.url));
        let (response, ()) = tokio::join!(response(exchanging), async {
            tokio::select! {
                _refused = other.try_accept() => {}
                () = std::future::ready(()), if port == silent_port.to_string() => {}
            }
            respond(&mut stream, "clear").await;
        });
        assert_eq!(response.version(), Version::HTTP_11);
        assert_eq!(read(response).await.2, None);
        fallbacks.assert(&port, reason);
    }
}

#[tokio::test]
async fn alternative_that_is_not_responsible_is_left_for_the_origin() {
    let (server, fallbacks) = (Server::start(), Fallbacks::default());
    let connector = fallbacks.of(Connector::new().tls(trusting_demo()));
    let (client, origin, _stream) = told(connector, &format!("h3=\":{}\"", port(&server))).await;
    let exchanging = send(&client, get(&origin.url));
    let peer = server.accept().await;
    // 421 is 69 in the static table.
    peer.asked().await.send(frame(HEADERS, &[0, 0, 0xff, 6])).await.finish();
    let mut stream = origin.accept().await;
    respond(&mut stream, "clear").await;
    let response = response(exchanging).await;
    assert_eq!((response.status().as_u16(), response.version()), (200, Version::HTTP_11));
    fallbacks.assert(port(&server), "421 Misdirected Request");
}

#[tokio::test]
async fn alternative_that_breaks_is_left_for_the_origin() {
    let (server, fallbacks) = (Server::start(), Fallbacks::default());
    let connector = fallbacks.of(Connector::new().tls(trusting_demo()));
    let (client, origin, _stream) = told(connector, &format!("h3=\":{}\"", port(&server))).await;
    let exchanging = send(&client, get(&origin.url));
    let peer = server.accept().await;
    let _asked = peer.asked().await;
    peer.close(0x102);
    let mut stream = origin.accept().await;
    respond(&mut stream, &format!("h3=\":{}\"", port(&server))).await;
    assert_eq!(response(exchanging).await.version(), Version::HTTP_11);
    // It is named again, and still not used.
    let exchanging = send(&client, get(&origin.url));
    respond(&mut stream, "clear").await;
    assert_eq!(response(exchanging).await.version(), Version::HTTP_11);
    fallbacks.assert(port(&server), "no response: ");
}

#[tokio::test]
async fn alternatives_are_ignored_unless_they_are_followed_and_safe() {
    let server = Server::start();
    let alternative = format!("h3=\":{}\"", port(&server));
    let unused = Proxy::new("http://127.0.0.1:1").expect("a proxy").except("127.0.0.1");
    for (connector, is_followed) in [
        (Connector::new().tls(trusting_demo()).alt_svc(true), true),
        (Connector::new().tls(trusting_demo()).alt_svc(true).proxy(unused), true),
        (Connector::new().tls(trusting_demo()), false),
        (Connector::new().tls(trusting_demo()).alt_svc(true).alt_svc(false), false),
        (Connector::new().tls(trusting_demo()).alt_svc(true).protocol(Protocol::Http1), false),
        (Connector::new().tls(Tls::insecure().expect("settings")).alt_svc(true), false),
    ] {
        let shown = format!("{connector:?}");
        let client = Client::with(connector);
        let origin = Origin::start().await;
        let exchanging = send(&client, get(&origin.url));
        let mut stream = origin.accept().await;
        respond(&mut stream, &alternative).await;
        assert_eq!(read(response(exchanging).await).await.2, None);
        let exchanging = send(&client, get(&origin.url));
        // It stays open until the response has arrived.
        let mut peer = None;
        if is_followed {
            respond_over_quic(peer.insert(server.accept().await)).await;
        } else {
            respond(&mut stream, &alternative).await;
        }
        let response = response(exchanging).await;
        assert_eq!(response.version() == Version::HTTP_3, is_followed, "{shown}");
    }
}

#[tokio::test]
async fn response_without_tls_names_no_alternative() {
    let server = Server::start();
    let client = following(Connector::new().tls(trusting_demo()));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    for _ in 0..2 {
        let exchanging =
            send(&client, Request::get(&url).body(Empty::<bytes::Bytes>::new()).expect("a request"));
        let (mut stream, _) = listener.accept().await.expect("a client");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            assert!(stream.read_buf(&mut head).await.expect("a request") > 0);
        }
        let text = format!(
            "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\nalt-svc: h3=\":{}\"\r\n\r\n",
            port(&server)
        );
        stream.write_all(text.as_bytes()).await.expect("the client reads");
        assert_eq!(response(exchanging).await.version(), Version::HTTP_11);
    }
}

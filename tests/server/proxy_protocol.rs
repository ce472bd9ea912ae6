//! With the PROXY protocol on, a trusted proxy's connection begins with a header, which names the client. Others' headers
//! are never believed.

use super::prelude::{ConnectInfo, Router, get};
use crate::support::{PATIENCE, TestServer, log::Log, metrics::Metrics, raw, soon, with};
use axum_trailers_server::{Limits, Server};
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
};

const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
const VERSION_1: &[u8] = b"PROXY TCP4 192.0.2.1 198.51.100.1 4660 443\r\n";

/// A header of version 2.
fn version_2(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
    let length = u16::try_from(rest.len()).expect("short").to_be_bytes();
    [SIGNATURE, &[command, family], &length, rest].concat()
}

/// From 192.0.2.1:4660, with so many bytes of padding.
pub(crate) fn ipv4(padding: usize) -> Vec<u8> {
    let addresses = [192, 0, 2, 1, 198, 51, 100, 1, 0x12, 0x34, 0x01, 0xbb];
    version_2(0x21, 0x11, &[&addresses[..], &vec![0; padding]].concat())
}

/// From `[2001:db8::1]:4660`.
fn ipv6() -> Vec<u8> {
    let mut addresses = [0; 36];
    addresses[..4].copy_from_slice(&[0x20, 0x01, 0x0d, 0xb8]);
    addresses[15] = 1;
    addresses[32..34].copy_from_slice(&[0x12, 0x34]);
    version_2(0x21, 0x21, &addresses)
}

fn app() -> Router {
    let who = |ConnectInfo(client): ConnectInfo<SocketAddr>| async move { client.to_string() };
    Router::new().route("/who", get(who))
}

/// A server on all kinds of listeners, which trusts these proxies to send a header.
struct Listeners {
    server: TestServer,
    plain: SocketAddr,
    redirect: SocketAddr,
    metrics: Metrics,
}

impl Listeners {
    fn trusting(networks: &[&str]) -> Self {
        Self::with(networks, |server| server)
    }

    fn with(networks: &[&str], configure: impl FnOnce(Server) -> Server) -> Self {
        let (mut plain, mut metrics) = (None, None);
        let server = TestServer::with(app(), |server| {
            let proxies = networks.iter().map(|network| network.parse().expect("a network"));
            let server = proxies.fold(server, Server::trust_proxy).proxy_protocol(true).http3(false);
            let server = server.bind_plain("127.0.0.1:0").expect("a port");
            let server =
                server.redirect("127.0.0.1:0").expect("a port").metrics("127.0.0.1:0").expect("a port");
            (plain, metrics) = (Some(server.plain_addrs()[0]), Some(Metrics::at(server.metrics_addrs()[0])));
            configure(server)
        });
        let (redirect, missing) = (server.redirect.expect("an address"), "an address");
        Self { server, redirect, plain: plain.expect(missing), metrics: metrics.expect(missing) }
    }

    fn all(&self) -> [(&'static str, SocketAddr); 3] {
        [("https", self.server.address), ("plain", self.plain), ("redirect", self.redirect)]
    }
}

pub(crate) async fn connect(address: SocketAddr, header: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.write_all(header).await.expect("sent");
    stream
}

const WHO: &[u8] = b"GET /who HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

/// The content of the response, or the target of a redirect.
pub(crate) async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> String {
    let mut received = Vec::new();
    soon("an answer", stream.read_to_end(&mut received)).await.expect("an answer");
    let received = String::from_utf8(received).expect("text");
    let (head, content) = received.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{received:?}"));
    let location = head.lines().find_map(|line| line.strip_prefix("location: "));
    location.unwrap_or(content).to_owned()
}

async fn who(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> String {
    stream.write_all(WHO).await.expect("sent");
    answer(stream).await
}

async fn who_over_http2<S: AsyncRead + AsyncWrite + Send + Unpin + 'static>(
    stream: S,
    scheme: &str,
) -> String {
    let (mut client, connection) = h2::client::handshake(stream).await.expect("a preface");
    tokio::spawn(connection);
    let request = http::Request::get(format!("{scheme}://localhost/who")).body(()).expect("a request");
    let (response, _) = client.send_request(request, true).expect("sent");
    let mut body = soon("a response", response).await.expect("a response").into_body();
    String::from_utf8(raw::http2_read(&mut body).await.expect("content")).expect("text")
}

/// Whether the server closes the connection without a byte.
pub(crate) async fn is_closed(mut stream: TcpStream) -> bool {
    let mut received = Vec::new();
    let _reset_or_end = soon("the end", stream.read_to_end(&mut received)).await;
    received.is_empty()
}

#[tokio::test]
async fn header_names_the_client_over_every_protocol() {
    let (log, _guard) = Log::catch();
    let listeners = Listeners::trusting(&["127.0.0.1"]);
    for (header, expected) in [
        (VERSION_1, "192.0.2.1:4660"),
        (b"PROXY TCP6 2001:db8::1 ::1 4660 443\r\n", "[2001:db8::1]:4660"),
        (&ipv4(0), "192.0.2.1:4660"),
        (&ipv4(4096 - 28), "192.0.2.1:4660"),
        (&ipv6(), "[2001:db8::1]:4660"),
    ] {
        let (https, plain) = (listeners.server.address, listeners.plain);
        let tls = async |alpn| raw::handshake(connect(https, header).await, &[alpn]).await;
        for (case, client) in [
            ("h2", who_over_http2(tls("h2").await, "https").await),
            ("http/1.1", who(tls("http/1.1").await).await),
            ("h2c", who_over_http2(connect(plain, header).await, "http").await),
            ("plain http/1.1", who(connect(plain, header).await).await),
        ] {
            assert_eq!(client, expected, "{case}: {}", header.escape_ascii());
        }
        let location = who(connect(listeners.redirect, header).await).await;
        assert_eq!(location, listeners.server.url("/who"));
        for (protocol, status) in [("HTTP/2\"", "200"), ("HTTP/1.1", "200"), ("HTTP/1.1", "308")] {
            let client = format!("client={expected} peer=127.0.0.1:");
            log.line(&[&client, protocol, &format!("status={status}")]).await;
        }
    }
    assert!(!log.text().contains("PROXY"), "{}", log.text());
}

/// How many bytes arrive at once makes no difference, and what follows the header is all there.
#[tokio::test]
async fn header_may_arrive_in_parts_or_together_with_what_follows() {
    let listeners = Listeners::trusting(&["127.0.0.1"]);
    for header in [VERSION_1.to_vec(), ipv4(5), ipv4(3000)] {
        let together = connect(listeners.plain, &[&header, WHO].concat()).await;
        assert_eq!(answer(together).await, "192.0.2.1:4660");
        let preface = [&header[..], &raw::http2_preface()].concat();
        assert_eq!(
            soon("settings", connect(listeners.plain, &preface).await.read_u8()).await.expect("a byte"),
            0
        );
        let mut parts = connect(listeners.plain, b"").await;
        parts.set_nodelay(true).expect("set");
        for part in header.chunks(header.len() / 8 + 1) {
            parts.write_all(part).await.expect("sent");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(who(parts).await, "192.0.2.1:4660");
    }
    // A client of TLS speaks first, and its first message is here together with the header.
    let mut stream = connect(listeners.server.address, b"").await;
    let hello = client_hello().await;
    stream.write_all(&[&ipv4(0), &hello[..]].concat()).await.expect("sent");
    assert_eq!(soon("a ServerHello", stream.read_u8()).await.expect("a byte"), 22);
}

/// The first message of a TLS client.
async fn client_hello() -> Vec<u8> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let tcp = TcpStream::connect(listener.local_addr().expect("an address")).await.expect("a connection");
    let shaking = tokio::spawn(async move { raw::handshake(tcp, &["h2"]).await });
    let (mut accepted, _) = listener.accept().await.expect("a connection");
    let mut hello = vec![0; 2048];
    let length = accepted.read(&mut hello).await.expect("a message");
    shaking.abort();
    hello.truncate(length);
    hello
}

#[tokio::test]
async fn trusted_proxy_without_a_valid_header_is_refused() {
    let (log, _guard) = Log::catch();
    let listeners = Listeners::trusting(&["10.0.0.0/8", "127.0.0.1"]);
    let hello = client_hello().await;
    let missing = "the trusted proxy has sent none";
    for (n, (bytes, kind, reason)) in [
        (&hello[..], "no_proxy_header", missing),
        (WHO, "no_proxy_header", missing),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "no_proxy_header", missing),
        (b"\0garbage", "no_proxy_header", missing),
        (b"PROXY TCP4 192.0.2.1\r\n", "bad_proxy_header", "it is malformed"),
        (b"PROXY TCP4 192.0.2.1 198.51.100.1 4660 65536\r\n", "bad_proxy_header", "it is malformed"),
        (&version_2(0x21, 0x11, &[1, 2, 3]), "bad_proxy_header", "it is malformed"),
        (&version_2(0x31, 0x11, &[0; 12]), "bad_proxy_header", "it is malformed"),
        (&ipv4(4096 - 27), "bad_proxy_header", "it is larger than 4096 bytes"),
    ]
    .into_iter()
    .enumerate()
    {
        for (listener, address) in listeners.all() {
            assert!(is_closed(connect(address, bytes).await).await, "{listener}: {}", bytes.escape_ascii());
            // Only some lines are written in 10 s.
            if n < 3 || kind == "bad_proxy_header" && n < 6 {
                let kind = format!("kind=\"{kind}\"");
                log.line(&["INFO", "no valid PROXY header", "peer=127.0.0.1:", &kind, reason]).await;
            }
        }
    }
    listeners.metrics.say("handshakes_failed_total{reason=\"no_proxy_header\"}", 12).await;
    listeners.metrics.say("handshakes_failed_total{reason=\"bad_proxy_header\"}", 15).await;
    listeners.metrics.say("connections", 0).await;
    let served = who(connect(listeners.plain, VERSION_1).await).await;
    assert_eq!(served, "192.0.2.1:4660", "others are served");
}

#[tokio::test]
async fn header_that_stops_half_way_is_ended() {
    let (log, _guard) = Log::catch();
    let limits = with!(Limits { handshake: Duration::from_millis(300) });
    let listeners = Listeners::with(&["127.0.0.1"], |server| server.limits(limits));
    let (all, mut stopped) = (ipv4(0), Vec::new());
    for bytes in [&b""[..], b"PROXY TCP4 192.", &all[..5], &all[..20]] {
        for (listener, address) in listeners.all() {
            stopped.push((listener, bytes, connect(address, bytes).await));
        }
    }
    let ended = u64::try_from(stopped.len()).expect("few");
    for (listener, bytes, stream) in stopped {
        assert!(is_closed(stream).await, "{listener}: {}", bytes.escape_ascii());
    }
    log.line(&["no valid PROXY header", "kind=\"timeout\"", "it took longer than 300ms"]).await;
    listeners.metrics.say("handshakes_failed_total{reason=\"timeout\"}", ended).await;
    // The time is that of header and handshake together.
    let closed = is_closed(connect(listeners.server.address, &all).await).await;
    assert!(closed);
    listeners.metrics.say("handshakes_failed_total{reason=\"timeout\"}", ended + 1).await;
    for bytes in [&b"PROXY TCP4"[..], &all[..20]] {
        let mut leaves = connect(listeners.plain, bytes).await;
        leaves.shutdown().await.expect("sent");
        assert!(is_closed(leaves).await);
    }
    log.line(&["no valid PROXY header", "kind=\"client_gone\"", "the peer left before its end"]).await;
    listeners.metrics.say("handshakes_failed_total{reason=\"client_gone\"}", 2).await;
    drop(connect(listeners.plain, b"").await);
    listeners.metrics.say("handshakes_failed_total{reason=\"probe\"}", 1).await;
}

#[tokio::test]
async fn half_a_header_does_not_delay_a_shutdown() {
    let listeners = Listeners::trusting(&["127.0.0.1"]);
    let mut waiting = Vec::new();
    for (_, address) in listeners.all() {
        waiting.push(connect(address, b"PROXY").await);
    }
    listeners.metrics.say("connections", 3).await;
    listeners.server.handle.drain(PATIENCE).await;
    for stream in waiting {
        assert!(is_closed(stream).await);
    }
}

#[tokio::test]
async fn header_of_an_untrusted_peer_is_discarded() {
    let listeners = Listeners::trusting(&["10.0.0.0/8", "unix"]);
    for header in [VERSION_1.to_vec(), ipv4(100), version_2(0x20, 0, &[]), Vec::new()] {
        let case = header.escape_ascii();
        let tls = raw::handshake(connect(listeners.server.address, &header).await, &["http/1.1"]).await;
        let over_tls = who(tls).await;
        let plain = who(connect(listeners.plain, &header).await).await;
        for client in [over_tls, plain] {
            assert!(client.starts_with("127.0.0.1:"), "{case}: {client}");
        }
        let location = who(connect(listeners.redirect, &header).await).await;
        assert_eq!(location, listeners.server.url("/who"), "{case}");
    }
    for malformed in [&b"PROXY nonsense\r\n"[..], &version_2(0x21, 0x11, &[])] {
        assert!(is_closed(connect(listeners.plain, malformed).await).await);
    }
    // A second header is none.
    let twice = connect(listeners.server.address, &[VERSION_1, VERSION_1].concat()).await;
    assert!(is_closed(twice).await);
}

#[tokio::test]
async fn only_a_reported_client_that_is_trusted_as_well_vouches_for_fields() {
    let listeners = Listeners::trusting(&["127.0.0.1", "192.0.2.0/24"]);
    let stranger = b"PROXY TCP4 203.0.113.9 198.51.100.1 1 443\r\n";
    let unix = version_2(0x21, 0x31, &[0; 216]);
    for (header, expected) in [
        (VERSION_1, "198.51.100.7:0"),
        (stranger, "203.0.113.9:1"),
        // Somebody whom the proxy does not name may have written the fields.
        (b"PROXY UNKNOWN\r\n", "127.0.0.1:"),
        (&version_2(0x20, 0, &[]), "127.0.0.1:"),
        (&version_2(0x21, 0, &[]), "127.0.0.1:"),
        (&unix, "127.0.0.1:"),
    ] {
        let mut stream = connect(listeners.plain, header).await;
        let forwarded = "x-forwarded-for: 9.9.9.9, 198.51.100.7, 192.0.2.8\r\n";
        let request = format!("GET /who HTTP/1.1\r\nhost: a\r\n{forwarded}connection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("sent");
        let client = answer(stream).await;
        assert!(client.starts_with(expected), "{}: {client}", header.escape_ascii());
    }
}

#[cfg(unix)]
#[tokio::test]
async fn header_names_the_client_over_a_unix_socket() {
    let folder = tempfile::tempdir().expect("a folder");
    for (networks, path, is_trusted) in [(["unix"], "trusted", true), (["127.0.0.1"], "stranger", false)] {
        let path = folder.path().join(path);
        let _listeners = Listeners::with(&networks, |server| server.bind_unix(&path).expect("a socket"));
        let connect = async || tokio::net::UnixStream::connect(&path).await.expect("a connection");
        for (header, expected) in [(VERSION_1, "192.0.2.1:4660"), (&ipv6(), "[2001:db8::1]:4660")] {
            let mut stream = connect().await;
            stream.write_all(header).await.expect("sent");
            assert_eq!(who(stream).await, if is_trusted { expected } else { "[::]:0" });
        }
        let mut without = connect().await;
        without.write_all(WHO).await.expect("sent");
        let mut received = String::new();
        let _reset_or_end = soon("the end", without.read_to_string(&mut received)).await;
        assert_eq!(received.is_empty(), is_trusted, "{received}");
    }
}

/// Lines of rejected requests name both ends.
#[tokio::test]
async fn client_is_in_the_lines_about_what_it_sends() {
    let (log, _guard) = Log::catch();
    let listeners = Listeners::trusting(&["127.0.0.1"]);
    let both = "client=192.0.2.1:4660 peer=127.0.0.1:";
    let malformed = b"POST /who HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nx";
    for (address, bytes, message) in [
        (listeners.plain, &b"nonsense\r\n\r\n"[..], "request head rejected"),
        (listeners.plain, malformed, "connection closed: malformed message"),
        (listeners.plain, b"\x16\x03\x01", "plain connection failed"),
        (listeners.server.address, b"SSH-2.0-OpenSSH_9.2\r\n", "TLS handshake failed"),
    ] {
        let stream = connect(address, &[VERSION_1, bytes].concat()).await;
        log.line(&[message, both]).await;
        drop(stream);
    }
}

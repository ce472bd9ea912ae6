use super::server::{OK, Server, client, get, settings};
use crate::{
    Client, ConnectError, Connector, Error, Protocol, Proxy, Tls, TlsError,
    tests::{
        peer::{failure, read, response, send},
        tls::trusting_demo,
    },
};
use axum_trailers_testing::http3::{HEADERS, frame};
use rcgen::generate_simple_self_signed;
use std::{net::UdpSocket, time::Duration};

fn with(connector: Connector) -> Client {
    Client::with(connector.protocol(Protocol::Http3))
}

#[tokio::test]
async fn name_is_resolved_and_checked() {
    let server = Server::start();
    let port = server.url.rsplit(':').next().and_then(|port| port.trim_end_matches('/').parse().ok());
    let port: u16 = port.expect("a port");
    let address = "127.0.0.1".parse().expect("an address");
    let connector =
        || Connector::new().resolve("localhost", port, [address]).resolve("other.test", port, [address]);
    let trusting = with(connector().tls(trusting_demo()));
    let exchanging = send(&trusting, get(&format!("https://localhost:{port}/")));
    let peer = server.accept().await;
    peer.asked().await.send(frame(HEADERS, OK)).await.finish();
    assert_eq!(read(response(exchanging).await).await.2, None);

    let other = generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let other = Tls::trusting_pem(other.cert.pem().as_bytes()).expect("a certificate");
    for (client, host, reason) in [
        (with(connector().tls(other)), "localhost", "its issuer is unknown"),
        (trusting, "other.test", "certificate not valid for name \"other.test\""),
    ] {
        let exchanging = send(&client, get(&format!("https://{host}:{port}/")));
        let (error, accepted) = tokio::join!(failure(exchanging), server.try_accept());
        assert!(accepted.is_none());
        let Error::Tls(TlsError::Untrusted(text)) = &error else { panic!("{error:?}") };
        assert!(text.starts_with(reason), "{text}");
    }
    let insecure = with(connector().tls(Tls::insecure().expect("settings")));
    let exchanging = send(&insecure, get(&format!("https://other.test:{port}/")));
    let peer = server.accept().await;
    peer.asked().await.send(frame(HEADERS, OK)).await.finish();
    assert_eq!(read(response(exchanging).await).await.2, None);
}

#[tokio::test]
async fn server_must_agree_to_http3() {
    let server = Server::with(settings(&[b"other"]));
    let client = client();
    let exchanging = send(&client, get(&server.url));
    assert!(server.try_accept().await.is_none());
    assert_eq!(failure(exchanging).await, Error::Tls(TlsError::Protocol("HTTP/3")));
}

#[tokio::test]
async fn what_has_no_http3_is_an_error() {
    let plain = failure(send(&client(), get("http://127.0.0.1:9/"))).await;
    assert_eq!(plain, Error::Request("HTTP/3 needs an https:// URL".to_owned()));
    let proxy = Proxy::new("http://me:secret@proxy.test:3128").expect("a proxy");
    let behind = with(Connector::new().proxy(proxy));
    let error = failure(send(&behind, get("https://127.0.0.1:9/"))).await;
    assert_eq!(error.to_string(), "can't use the proxy proxy.test:3128: HTTP/3 can't pass an HTTP proxy");
}

#[tokio::test]
async fn silence_is_bounded() {
    let silent = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let url = format!("https://{}/", silent.local_addr().expect("an address"));
    let bound = Duration::from_millis(300);
    let client = with(Connector::new().tls(trusting_demo()).timeout(bound));
    assert_eq!(failure(send(&client, get(&url))).await, Error::Connect(ConnectError::Timeout(bound)));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn port_on_which_nobody_listens_is_an_error() {
    for host in ["127.0.0.1", "[::1]"] {
        let socket = UdpSocket::bind((host.trim_matches(['[', ']']), 0)).expect("a port");
        let port = socket.local_addr().expect("an address").port();
        drop(socket);
        let client = with(Connector::new().tls(trusting_demo()).timeout(Duration::from_secs(3600)));
        let error = failure(send(&client, get(&format!("https://{host}:{port}/")))).await;
        let Error::Connect(ConnectError::Failed { to, kind, .. }) = &error else { panic!("{error:?}") };
        assert_eq!(
            (to, *kind),
            (&format!("{host}:{port}"), std::io::ErrorKind::ConnectionRefused),
            "{error}"
        );
    }
}

#[tokio::test]
async fn next_address_is_tried_while_the_first_is_silent() {
    let server = Server::start();
    let port: u16 = server
        .url
        .rsplit(':')
        .next()
        .and_then(|port| port.trim_end_matches('/').parse().ok())
        .expect("a port");
    // Nobody listens at the first one.
    let addresses = ["127.0.0.2", "127.0.0.1"].map(|address| address.parse().expect("an address"));
    let client = with(Connector::new().tls(trusting_demo()).resolve("localhost", port, addresses));
    let exchanging = send(&client, get(&format!("https://localhost:{port}/")));
    let peer = server.accept().await;
    peer.asked().await.send(frame(HEADERS, OK)).await.finish();
    assert_eq!(read(response(exchanging).await).await.2, None);
}

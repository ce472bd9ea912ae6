//! The client of a request is the one that trusted proxies report in one family of fields, and nobody else's word counts.

use super::prelude::{ConnectInfo, Router, get};
use crate::support::{TestServer, builder, clients, http1, http2, log::Log, raw, soon};
use axum_trailers_server::{ForwardedHeader, Server};
use bytes::Bytes;
use futures_util::future::join_all;
use h2::client::SendRequest;
use std::net::SocketAddr;
#[cfg(unix)]
use tokio::io::{AsyncReadExt, AsyncWriteExt};

fn app() -> Router {
    let who = |ConnectInfo(client): ConnectInfo<SocketAddr>| async move { client.to_string() };
    Router::new().route("/who", get(who))
}

/// Trusts these networks.
pub(crate) fn trusting(
    networks: &'static [&'static str],
    header: ForwardedHeader,
) -> impl Fn(Server) -> Server {
    move |server| {
        let proxies = networks.iter().map(|network| network.parse().expect("a network"));
        proxies.fold(server, Server::trust_proxy).forwarded_header(header)
    }
}

pub(crate) const X: ForwardedHeader = ForwardedHeader::XForwarded;
const RFC: ForwardedHeader = ForwardedHeader::Forwarded;

/// Who the server says the client of such a request is.
async fn who(client: &reqwest::Client, url: &str, fields: &[(&str, &str)]) -> String {
    let request = fields.iter().fold(client.get(url), |request, (name, value)| request.header(*name, *value));
    request.send().await.expect("a response").text().await.expect("text")
}

#[tokio::test]
async fn fields_of_an_untrusted_peer_are_ignored() {
    let forged =
        [("x-forwarded-for", "192.0.2.1"), ("forwarded", "for=192.0.2.1"), ("x-real-ip", "192.0.2.1")];
    for networks in [&[][..], &["10.0.0.0/8", "unix", "::1", "127.0.0.2"]] {
        for header in [X, RFC] {
            let (log, _guard) = Log::catch();
            let server = TestServer::with(app(), trusting(networks, header));
            for (protocol, client) in clients() {
                let client = who(&client, &server.url("/who"), &forged).await;
                assert!(client.starts_with("127.0.0.1:"), "{protocol}: {client}");
                log.line(&["/who", protocol, &format!("client={client} peer={client}")]).await;
            }
        }
    }
}

/// The field that counts, the fields as a proxy on the last hop sends them, and the client.
type Case = (ForwardedHeader, &'static [(&'static str, &'static str)], &'static str);

const CASES: [Case; 12] = [
    (X, &[("x-forwarded-for", "192.0.2.1")], "192.0.2.1:0"),
    (X, &[("x-forwarded-for", "192.0.2.1:567")], "192.0.2.1:567"),
    (X, &[("x-forwarded-for", "2001:db8::1")], "[2001:db8::1]:0"),
    // Forged by the client, on the left.
    (X, &[("x-forwarded-for", "10.0.0.9, 9.9.9.9, 192.0.2.1")], "192.0.2.1:0"),
    (X, &[("x-forwarded-for", "9.9.9.9"), ("x-forwarded-for", "192.0.2.1, 10.0.0.1")], "192.0.2.1:0"),
    (X, &[("x-forwarded-for", "9.9.9.9, unknown, 10.0.0.1")], "10.0.0.1:0"),
    (RFC, &[("forwarded", "for=192.0.2.1;proto=https")], "192.0.2.1:0"),
    (RFC, &[("forwarded", "for=9.9.9.9, for=\"[2001:db8::1]:80\", for=10.0.0.1")], "[2001:db8::1]:80"),
    (RFC, &[("forwarded", "for=\"9.9.9.9"), ("forwarded", "for=192.0.2.1")], "192.0.2.1:0"),
    (RFC, &[("forwarded", "for=9.9.9.9, for=_hidden, for=10.0.0.1")], "10.0.0.1:0"),
    // The client has sent the other family.
    (X, &[("forwarded", "for=9.9.9.9"), ("x-forwarded-for", "192.0.2.1")], "192.0.2.1:0"),
    (RFC, &[("x-forwarded-for", "9.9.9.9"), ("forwarded", "for=192.0.2.1")], "192.0.2.1:0"),
];

#[tokio::test]
async fn trusted_proxy_reports_the_client_over_every_protocol() {
    for (header, fields, expected) in CASES {
        let trust = trusting(&["10.0.0.0/8", "127.0.0.1"], header);
        let (log, _guard) = Log::catch();
        let (tls, plain) = (TestServer::with(app(), &trust), TestServer::plain(app(), &trust));
        let prior_knowledge = builder().http2_prior_knowledge().build().expect("a client");
        for (address, scheme, client, protocol) in [
            (tls.address, "https", http2(), "HTTP/2"),
            (tls.address, "https", http1(), "HTTP/1.1"),
            (plain.address, "http", prior_knowledge, "HTTP/2"),
            (plain.address, "http", http1(), "HTTP/1.1"),
        ] {
            let client = who(&client, &format!("{scheme}://localhost:{}/who", address.port()), fields).await;
            assert_eq!(client, expected, "{fields:?} over {scheme} and {protocol}");
            let addresses = format!("client={expected} peer=127.0.0.1:");
            log.line(&["/who", &format!("protocol=\"{protocol}\""), &addresses]).await;
        }
    }
}

#[tokio::test]
async fn trusted_proxy_that_reports_nothing_usable_is_the_client_itself() {
    for (header, fields) in [
        (X, &[][..]),
        (X, &[("forwarded", "for=192.0.2.1")]),
        (X, &[("x-forwarded-for", "192.0.2.1, unknown")]),
        (X, &[("x-forwarded-for", "")]),
        (RFC, &[("x-forwarded-for", "192.0.2.1")]),
        (RFC, &[("forwarded", "for=192.0.2.1, for=\"_x\"")]),
    ] {
        let server = TestServer::with(app(), trusting(&["127.0.0.0/8"], header));
        let client = who(&http2(), &server.url("/who"), fields).await;
        assert!(client.starts_with("127.0.0.1:") && !client.ends_with(":0"), "{fields:?}: {client}");
    }
}

pub(crate) async fn request(
    client: &mut SendRequest<Bytes>,
    path: &str,
    forwarded_for: &str,
) -> http::Response<h2::RecvStream> {
    let request =
        http::Request::get(format!("https://localhost{path}")).header("x-forwarded-for", forwarded_for);
    let (response, _) = client.send_request(request.body(()).expect("a request"), true).expect("sent");
    soon("a response", response).await.expect("a response")
}

#[tokio::test]
async fn requests_of_one_connection_have_clients_of_their_own() {
    let (log, _guard) = Log::catch_spans();
    let server = TestServer::with(app(), trusting(&["127.0.0.1"], X));
    let client = raw::http2(server.address).await;
    let addresses: Vec<_> = (1..=20).map(|n| format!("192.0.2.{n}:{n}")).collect();
    let answers = join_all(addresses.iter().map(|address| {
        let mut client = client.clone();
        async move {
            let mut body = request(&mut client, "/who", address).await.into_body();
            String::from_utf8(raw::http2_read(&mut body).await.expect("content")).expect("text")
        }
    }));
    assert_eq!(answers.await, addresses);
    for address in &addresses {
        log.line(&[&format!("axum_trailers::request: client={address} peer=127.0.0.1:")]).await;
        log.line(&["request{", &format!("client={address} "), ": close"]).await;
    }
}

#[cfg(unix)]
#[tokio::test]
async fn peers_of_unix_sockets_are_trusted_by_their_name_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    for (n, (networks, expected, logged)) in [
        (&["unix"][..], "192.0.2.1:0", "client=192.0.2.1:0 peer=unix"),
        (&["0.0.0.0/0", "::/0"], "[::]:0", "client=unix peer=unix"),
        (&[], "[::]:0", "client=unix peer=unix"),
    ]
    .into_iter()
    .enumerate()
    {
        let (log, _guard) = Log::catch();
        let path = folder.path().join(n.to_string());
        let trust = trusting(networks, X);
        let _server = TestServer::with(app(), |server| trust(server).bind_unix(&path).expect("a socket"));
        let mut stream = tokio::net::UnixStream::connect(&path).await.expect("a connection");
        let request =
            b"GET /who HTTP/1.1\r\nhost: a\r\nx-forwarded-for: 192.0.2.1\r\nconnection: close\r\n\r\n";
        stream.write_all(request).await.expect("sent");
        let mut response = String::new();
        soon("a response", stream.read_to_string(&mut response)).await.expect("a response");
        assert!(response.ends_with(&format!("\r\n\r\n{expected}")), "{networks:?}: {response}");
        log.line(&["/who", logged]).await;
    }
}

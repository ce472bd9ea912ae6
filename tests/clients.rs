//! The workbench and the binary behind proxies.

use crate::{
    server::on_axum_06::{
        forwarded_fields::{X, request, trusting},
        proxy_protocol::{answer, connect, ipv4, is_closed},
    },
    support::{TestServer, clients, http2, json, process::Process, raw, url, with, workbench},
};
use axum_trailers_workbench::Bounds;
use tokio::io::AsyncWriteExt;

#[tokio::test]
async fn ten_exports_through_a_trusted_proxy_are_those_of_ten_clients() {
    let app = || workbench(".").bounds(with!(Bounds { exports_per_client: 1 })).router();
    let address = |n| format!("9.9.9.9, 192.0.2.{n}");
    for (networks, are_told_apart) in [(&["127.0.0.1"][..], true), (&[], false)] {
        let server = TestServer::with(app(), trusting(networks, X));
        let mut client = raw::http2(server.address).await;
        let mut running = Vec::new();
        for n in 1..=10 {
            let response = request(&mut client, "/export/orders", &address(n)).await;
            let expected = if are_told_apart || n == 1 { 200 } else { 429 };
            assert_eq!(response.status(), expected, "client {n} of {networks:?}");
            running.push(response);
        }
        for n in 1..=10 {
            assert_eq!(request(&mut client, "/export/orders", &address(n)).await.status(), 429, "once more");
        }
    }
}

#[tokio::test]
async fn forwarded_ipv6_clients_share_their_network_s_exports() {
    let app = workbench(".").bounds(with!(Bounds { exports_per_client: 1 })).router();
    let server = TestServer::with(app, trusting(&["127.0.0.1"], X));
    let mut client = raw::http2(server.address).await;
    let _running = request(&mut client, "/export/orders", "2001:db8:0:1::1").await;
    for (address, expected) in [("2001:db8:0:1::2", 429), ("2001:db8:0:2::1", 200)] {
        let response = request(&mut client, "/export/orders", address).await;
        assert_eq!(response.status(), expected, "{address}");
    }
}

#[tokio::test]
async fn record_of_a_response_is_for_the_client_that_a_proxy_reports() {
    let server = TestServer::with(workbench(".").router(), trusting(&["127.0.0.1"], X));
    for (protocol, client) in clients() {
        let get = async |path: &str, forwarded_for: &str| {
            let request = client.get(server.url(path)).header("x-forwarded-for", forwarded_for);
            request.send().await.expect("a response")
        };
        let response = get("/te", "192.0.2.1:1").await;
        let id = response.headers()["x-request-id"].to_str().expect("text").to_owned();
        let path = format!("/seen/{id}");
        assert_eq!(get(&path, "192.0.2.2").await.status(), 404, "{protocol}");
        assert_eq!(server.get(&client, &path).await.status(), 404, "{protocol}: the proxy itself");
        assert_eq!(json(get(&path, "192.0.2.1:2").await).await["id"], *id, "{protocol}");
    }
}

#[tokio::test]
async fn binary_takes_the_options_about_fields() {
    let line = ["--trust-proxy", "127.0.0.1,::1", "--forwarded-header", "forwarded"];
    let mut process =
        Process::start(&[&["--listen", "127.0.0.1:0", "--redirect", "off"][..], &line].concat());
    let request = http2().get(url(process.address("https"), "/te"));
    let request = request.header("x-forwarded-for", "9.9.9.9").header("forwarded", "for=\"192.0.2.1:4\"");
    request.send().await.expect("a response");
    process.logged(&["/te", "client=192.0.2.1:4 peer=127.0.0.1:"]).await;
}

#[tokio::test]
async fn binary_takes_the_options_about_the_protocol() {
    let line = ["--listen", "127.0.0.1:0", "--plain", "127.0.0.1:0", "--redirect", "off"];
    let proxy = ["--trust-proxy", "127.0.0.1", "--proxy-protocol"];
    let mut process = Process::start(&[&line[..], &proxy].concat());
    let (https, plain) = (process.address("https"), process.address("http"));
    let request = b"GET /te HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    let mut tls = raw::handshake(connect(https, &ipv4(0)).await, &["http/1.1"]).await;
    tls.write_all(request).await.expect("sent");
    answer(tls).await;
    process.logged(&["/te", "client=192.0.2.1:4660 peer=127.0.0.1:"]).await;
    assert!(is_closed(connect(plain, request).await).await);
    process.logged(&["no valid PROXY header", "kind=no_proxy_header"]).await;
}

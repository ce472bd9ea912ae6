//! `--http3` and `--alt-svc`: how the client comes to HTTP/3, and what it says if it does not.

use crate::support::{
    TestServer,
    client::{CACERT, Place},
    soon, workbench,
};
use axum_08::{Router, http::HeaderValue, routing::get};
use axum_trailers_server::{Axum06, Server, Tls};
use serde_json::Value;
use std::time::Duration;

fn protocols(reports: &[Value]) -> Vec<&str> {
    reports.iter().map(|report| report["protocol"].as_str().unwrap_or_default()).collect()
}

#[tokio::test]
async fn alt_svc_leads_to_http3_with_the_next_request() {
    let server = TestServer::start(workbench(".").router());
    let urls =
        [server.url("/files/Cargo.toml"), server.url("/files/README.md"), server.url("/files/LICENSE")];
    for (options, expected) in [
        (&["--alt-svc"][..], ["HTTP/2", "HTTP/3", "HTTP/3"]),
        (&[], ["HTTP/2"; 3]),
        (&["--http3"], ["HTTP/3"; 3]),
    ] {
        let place = Place::new();
        let urls = urls.each_ref().map(String::as_str);
        let ran = place.get(&[options, &urls].concat()).await;
        assert_eq!(ran.code(), 0, "{options:?}: {ran:?}");
        let reports = ran.reports();
        assert_eq!(protocols(&reports), expected, "{options:?}");
        assert!(reports.iter().all(|report| report["verdict"] == "verified"), "{options:?}: {reports:?}");
    }
}

#[tokio::test]
async fn alt_svc_is_ignored_without_a_verified_certificate() {
    let server = TestServer::start(workbench(".").router());
    let urls = [server.url("/files/Cargo.toml"), server.url("/files/LICENSE")];
    let ran = Place::new().run(&["get", "--json", "-O", "-k", "--alt-svc", &urls[0], &urls[1]]).await;
    assert_eq!(ran.code(), 0, "{ran:?}");
    assert_eq!(protocols(&ran.reports()), ["HTTP/2"; 2]);
}

/// A server over TCP whose responses name an alternative that does not answer.
#[tokio::test]
async fn reason_for_a_fall_back_to_tcp_is_shown() {
    let silent = std::net::UdpSocket::bind("127.0.0.1:0").expect("a port");
    let port = silent.local_addr().expect("an address").port();
    let alternative = HeaderValue::try_from(format!("h3=\":{port}\"")).expect("a value");
    let app = Router::new().route("/", get(move || async move { [("alt-svc", alternative)] }));
    let server = TestServer::start(app);
    let url = server.url("/");
    for (options, is_shown) in [(&["-v"][..], true), (&[], false)] {
        let arguments = [&["get", "--alt-svc", "--cacert", CACERT], options, &[&url, &url]].concat();
        let ran = Place::new().run(&arguments).await;
        assert_eq!(ran.code(), 0, "{ran:?}");
        let line =
            format!("* HTTP/3 at localhost:{port} failed, falling back to TCP: no connection after 3 s\n");
        assert_eq!(ran.stderr.matches(&line).count(), usize::from(is_shown), "{ran:?}");
    }
}

#[tokio::test]
async fn server_without_http3_has_no_connection() {
    let tls = Tls::from_pem(crate::support::CERTIFICATE, crate::support::KEY).expect("the demo certificate");
    let server = Server::new().tls(tls).bind("127.0.0.1:0").expect("a free port");
    let url = format!("https://127.0.0.1:{}/", server.local_addrs()[0].port());
    let task = tokio::spawn(server.serve(Axum06(workbench(".").router())));
    let options = ["send", "--json", "--http3", "--connect-timeout", "1", "--cacert", CACERT];
    let ran = Place::new().run(&[&options[..], &[&url]].concat()).await;
    assert_eq!((ran.code(), &ran.report()["verdict"]), (3, &"not_connected".into()), "{ran:?}");
    task.abort();
}

#[tokio::test]
async fn proxy_can_t_be_passed() {
    let server = TestServer::start(workbench(".").router());
    let url = server.url("/");
    let proxy = ["--proxy", "http://127.0.0.1:9"];
    let ran =
        Place::new().run(&[&["send", "--http3", "--cacert", CACERT], &proxy[..], &[&url]].concat()).await;
    assert_eq!(ran.code(), 3, "{ran:?}");
    assert!(ran.stderr.contains("HTTP/3 can't pass an HTTP proxy"), "{ran:?}");
}

#[tokio::test]
async fn certificate_that_is_not_trusted_is_a_tls_failure() {
    let server = TestServer::start(workbench(".").router());
    for (trust, code) in [(&[][..], 4), (&["--cacert", CACERT], 0), (&["-k"], 0)] {
        let ran = Place::new().run(&[&["send", "--http3"], trust, &[&server.url("/")]].concat()).await;
        assert_eq!(ran.code(), code, "{trust:?}: {ran:?}");
        let says = ran.stderr.contains("the server's certificate is not trusted: its issuer is unknown");
        assert_eq!(says, code == 4, "{trust:?}: {ran:?}");
    }
}

/// The server keeps no connection of a client that has ended.
#[tokio::test]
async fn connection_is_closed_before_the_end() {
    let server = TestServer::start(workbench(".").router());
    let ran = Place::new().run(&["send", "--http3", "--cacert", CACERT, &server.url("/")]).await;
    assert_eq!(ran.code(), 0, "{ran:?}");
    // Otherwise the server would keep it for its idle time of a minute.
    soon("the end of the connection", async {
        while server.handle.connections() > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn request_and_response_are_shown() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = TestServer::start(workbench(folder.path()).allow_upload().expect("a folder").router());
    let place = Place::new();
    place.write("file", b"content");
    let url = server.url("/files/file");
    let options = ["put", "--http3", "-v", "--expect-continue", "--cacert", CACERT, "file"];
    let ran = place.run(&[&options[..], &[&url]].concat()).await;
    assert_eq!(ran.code(), 0, "{ran:?}");
    for line in [
        "> PUT /files/file HTTP/3\n",
        "> expect: 100-continue\n",
        "> content-digest: sha-256=:",
        "< HTTP/3 201 Created\n",
    ] {
        assert!(ran.stderr.contains(line), "{line:?}: {ran:?}");
    }
    assert_eq!(std::fs::read(folder.path().join("file")).expect("stored"), b"content");
}

//! The page of a server's metrics.

use super::{PATIENCE, Served, TestServer};
use axum_trailers_server::Limits;
use std::{net::SocketAddr, time::Duration};

/// A server and the address of its metrics.
pub(crate) fn counted(app: impl Served, limits: Limits) -> (TestServer, Metrics) {
    let mut address = None;
    let server = TestServer::with(app, |server| {
        let server = server.limits(limits).metrics("127.0.0.1:0").expect("a free port");
        address = server.metrics_addrs().first().copied();
        server
    });
    (server, Metrics::at(address.expect("an address")))
}

/// The same over plain HTTP.
pub(crate) fn counted_plain(app: impl Served, limits: Limits) -> (TestServer, Metrics) {
    let mut address = None;
    let server = TestServer::plain(app, |server| {
        let server = server.limits(limits).metrics("127.0.0.1:0").expect("a free port");
        address = server.metrics_addrs().first().copied();
        server
    });
    (server, Metrics::at(address.expect("an address")))
}

pub(crate) struct Metrics(pub(crate) SocketAddr);

impl Metrics {
    pub(crate) fn at(address: SocketAddr) -> Self {
        Self(address)
    }

    pub(crate) async fn text(&self) -> String {
        let response = reqwest::get(format!("http://{}/metrics", self.0)).await.expect("a response");
        assert_eq!(response.headers()["content-type"], "text/plain; version=0.0.4");
        response.text().await.expect("text")
    }

    /// Waits until a series has a value: a request is counted after its response has ended, which the client may notice
    /// earlier.
    pub(crate) async fn say(&self, series: &str, value: u64) {
        let line = format!("axum_trailers_{series} {value}");
        let came = async {
            while !self.text().await.lines().any(|told| told == line) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let came = tokio::time::timeout(PATIENCE, came).await;
        assert!(came.is_ok(), "no line «{line}» in\n{}", self.text().await);
    }

    pub(crate) async fn say_nothing_of(&self, name: &str) {
        let text = self.text().await;
        assert!(
            !text.lines().any(|line| line.starts_with(&format!("axum_trailers_{name}"))),
            "{name} in\n{text}"
        );
    }
}

//! Requests through a proxy, with this project's client.

use crate::support::{
    CERTIFICATE, TestServer,
    faulty_proxy::{FaultyProxy, Setup, Upstream},
    soon, workbench,
};
use axum_trailers_client::{Client, Connector, Error, OnInformational, Protocol, ResponseBody, Tls};
use axum_trailers_workbench::export::grpc::v1::exports_server::SERVICE_NAME;
use bytes::Bytes;
use http::{HeaderMap, Request, request::Builder};
use http_body::Frame;
use http_body_util::{BodyExt, Empty, StreamBody};
use std::{
    convert::Infallible,
    net::Ipv4Addr,
    sync::{Arc, Mutex},
    time::Duration,
};

/// The workbench over TLS and over plain HTTP.
pub(super) struct Origins {
    pub(super) tls: TestServer,
    pub(super) plain: TestServer,
}

impl Origins {
    pub(super) fn start() -> Self {
        let (first, second) = (workbench("."), workbench("."));
        let (exports, more_exports) = (first.grpc(), second.grpc());
        Self {
            tls: TestServer::with(first.router(), |server| server.grpc(SERVICE_NAME, exports)),
            plain: TestServer::plain(second.router(), |server| server.grpc(SERVICE_NAME, more_exports)),
        }
    }

    pub(super) fn setups(&self) -> [Setup; 2] {
        [self.tls_setup(), self.plain_setup()]
    }

    pub(super) fn tls_setup(&self) -> Setup {
        Setup::new(self.tls.address)
    }

    pub(super) fn plain_setup(&self) -> Setup {
        Setup::new(self.plain.address).plain()
    }
}

/// Proxies without a fault, with each protocol on each side: what they are, and whether the client uses HTTP/2.
pub(super) fn healthy(origins: &Origins) -> Vec<(String, Setup, bool)> {
    let mut paths = Vec::new();
    for setup in origins.setups() {
        for upstream in [Upstream::Same, Upstream::Http1, Upstream::Http2] {
            for is_http2 in [false, true] {
                let security = if setup.is_tls { "TLS" } else { "plain" };
                let protocol = if is_http2 { "HTTP/2" } else { "HTTP/1.1" };
                let name = format!("{protocol}, {security}, {upstream:?}");
                paths.push((name, setup.clone().upstream(upstream), is_http2));
            }
        }
    }
    paths
}

/// A proxy, and a client in front of it.
pub(super) struct Path {
    proxy: FaultyProxy,
    client: Client,
    informational: Arc<Mutex<Vec<u16>>>,
}

/// A response.
#[derive(Debug, Default)]
pub(super) struct Got {
    pub(super) status: u16,
    pub(super) fields: HeaderMap,
    pub(super) content: Vec<u8>,
    pub(super) trailers: HeaderMap,
    /// Whether its end was missing.
    pub(super) is_cut: bool,
    /// The status of each informational response before it.
    pub(super) informational: Vec<u16>,
}

pub(super) type Content = http_body_util::combinators::UnsyncBoxBody<Bytes, Infallible>;

impl Path {
    pub(super) async fn through(setup: Setup, is_http2: bool) -> Self {
        let proxy = FaultyProxy::start(setup).await;
        let protocol = if is_http2 { Protocol::Http2 } else { Protocol::Http1 };
        let connector = Connector::new()
            .tls(Tls::trusting_pem(CERTIFICATE).expect("a certificate"))
            .resolve("localhost", proxy.address.port(), [Ipv4Addr::LOCALHOST.into()])
            .protocol(protocol);
        // Longer than any answer takes that comes.
        let client = Client::with(connector).expect_timeout(Duration::from_secs(1));
        Self { proxy, client, informational: Arc::default() }
    }

    /// Gets a path with `TE: trailers`.
    pub(super) async fn get(&self, path: &str) -> Got {
        let request = self.request("GET", path).header("te", "trailers").header("connection", "te");
        self.send(request, empty()).await.unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    pub(super) fn request(&self, method: &str, path: &str) -> Builder {
        Request::builder().method(method).uri(self.proxy.url(path))
    }

    pub(super) async fn send(&self, request: Builder, content: Content) -> Result<Got, Error> {
        let request = request.body(content).expect("a request");
        soon("a response", Box::pin(self.exchange(request))).await
    }

    /// The content of a response that has begun.
    pub(super) async fn begin(&self, path: &str) -> ResponseBody {
        let request = self.request("GET", path).body(empty()).expect("a request");
        soon("a response", Box::pin(self.client.exchange(request))).await.expect("a response").into_body()
    }

    async fn exchange(&self, mut request: Request<Content>) -> Result<Got, Error> {
        let informational = self.informational.clone();
        let receive = move |status: http::StatusCode, _: &_| {
            informational.lock().expect("no panic").push(status.as_u16());
        };
        request.extensions_mut().insert(OnInformational::new(receive));
        let (head, mut body) = self.client.exchange(request).await?.into_parts();
        let mut got = Got { status: head.status.as_u16(), fields: head.headers, ..Got::default() };
        got.informational = std::mem::take(&mut *self.informational.lock().expect("no panic"));
        while let Some(frame) = body.frame().await {
            match frame.map(Frame::into_data) {
                Ok(Ok(data)) => got.content.extend_from_slice(&data),
                Ok(Err(frame)) => got.trailers = frame.into_trailers().expect("no other frames"),
                Err(_cut) => got.is_cut = true,
            }
        }
        Ok(got)
    }
}

impl Got {
    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.content).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(super) fn trailers(&self, name: &str) -> Vec<&str> {
        values(&self.trailers, name)
    }

    pub(super) fn fields(&self, name: &str) -> Vec<&str> {
        values(&self.fields, name)
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.content).into_owned()
    }
}

fn values<'a>(fields: &'a HeaderMap, name: &str) -> Vec<&'a str> {
    fields.get_all(name).iter().map(|value| value.to_str().expect("text")).collect()
}

pub(super) fn empty() -> Content {
    Empty::new().boxed_unsync()
}

/// Content with these trailers.
pub(super) fn content(data: &'static str, trailers: &[(&'static str, &'static str)]) -> Content {
    let trailers: HeaderMap = trailers
        .iter()
        .map(|(name, value)| (http::HeaderName::from_static(name), http::HeaderValue::from_static(value)))
        .collect();
    let mut frames = vec![Ok(Frame::data(Bytes::from_static(data.as_bytes())))];
    if !trailers.is_empty() {
        frames.push(Ok(Frame::trailers(trailers)));
    }
    StreamBody::new(tokio_stream::iter(frames)).boxed_unsync()
}

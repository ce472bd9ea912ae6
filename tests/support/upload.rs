//! Requests with a body and trailers, and their responses as text.

use super::protocols::Protocol;
use std::net::SocketAddr;

/// A request with a body, by default a `PUT`.
#[derive(Clone, Copy)]
pub(crate) struct Upload<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) fields: &'a [(&'a str, &'a str)],
    pub(crate) chunks: &'a [&'a str],
    pub(crate) trailers: &'a [(&'a str, &'a str)],
}

/// The response.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: http::HeaderMap,
    pub(crate) content: String,
    pub(crate) trailers: http::HeaderMap,
    /// Whether the response's content ended regularly.
    pub(crate) is_whole: bool,
}

impl Default for Upload<'_> {
    fn default() -> Self {
        Self { method: "PUT", path: "/", fields: &[], chunks: &[], trailers: &[] }
    }
}

impl Answer {
    pub(crate) fn field(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }
}

impl Upload<'_> {
    pub(crate) async fn send(&self, protocol: Protocol, server: SocketAddr) -> Answer {
        let client = protocol.client(server).await;
        let mut request = client.request(self.method, self.path).headers(self.fields).trailers(self.trailers);
        for chunk in self.chunks {
            request = request.body(chunk.as_bytes().to_vec());
        }
        let response = request.send().await.expect("a response");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let (content, trailers, is_whole) = match response.read().await {
            Ok(ending) => (ending.content, ending.trailers, true),
            Err(cut) => (cut.content, None, false),
        };
        let content = String::from_utf8(content).expect("text");
        Answer { status, headers, content, trailers: trailers.unwrap_or_default(), is_whole }
    }
}

pub(crate) fn fields(list: &[(&str, &str)]) -> http::HeaderMap {
    let mut fields = http::HeaderMap::new();
    for (name, value) in list {
        let name: http::HeaderName = name.parse().expect("a name");
        fields.append(name, http::HeaderValue::from_bytes(value.as_bytes()).expect("a value"));
    }
    fields
}

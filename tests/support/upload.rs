//! Requests with a body and trailers, as they stand on the wire of either protocol.

use super::raw;
use bytes::Bytes;
use std::{fmt::Write, net::SocketAddr};

pub(crate) const PROTOCOLS: [&str; 2] = ["HTTP/2", "HTTP/1.1"];

/// A `PUT`.
#[derive(Clone, Copy, Default)]
pub(crate) struct Upload<'a> {
    pub(crate) path: &'a str,
    pub(crate) fields: &'a [(&'a str, &'a str)],
    pub(crate) chunks: &'a [&'a str],
    pub(crate) trailers: &'a [(&'a str, &'a str)],
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: http_1::HeaderMap,
    pub(crate) content: String,
    /// Whether the response's content came to a good end.
    pub(crate) is_whole: bool,
}

impl Answer {
    pub(crate) fn field(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }
}

impl Upload<'_> {
    pub(crate) async fn send(&self, protocol: &str, server: SocketAddr) -> Answer {
        if protocol == "HTTP/2" { self.over_http2(server).await } else { self.over_http1(server).await }
    }

    async fn over_http2(&self, server: SocketAddr) -> Answer {
        let mut client = raw::http2(server).await;
        let mut request = http_1::Request::put(format!("https://localhost{}", self.path));
        for (name, value) in self.fields {
            request = request.header(*name, *value);
        }
        let is_empty = self.chunks.is_empty() && self.trailers.is_empty();
        let request = request.body(()).expect("a request");
        let (response, mut body) = client.send_request(request, is_empty).expect("sent");
        if !is_empty {
            for (n, chunk) in self.chunks.iter().enumerate() {
                let ends = self.trailers.is_empty() && n + 1 == self.chunks.len();
                body.send_data(Bytes::from((*chunk).to_owned()), ends).expect("sent");
            }
            if !self.trailers.is_empty() {
                body.send_trailers(fields(self.trailers)).expect("sent");
            }
        }
        let response = super::soon("a response", response).await.expect("a response");
        let (head, mut body) = response.into_parts();
        let content = raw::http2_read(&mut body).await;
        Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            is_whole: content.is_ok(),
            content: String::from_utf8(content.unwrap_or_default()).expect("text"),
        }
    }

    /// Chunked where there is content or a trailer, else without a body.
    async fn over_http1(&self, server: SocketAddr) -> Answer {
        let mut request = format!("PUT {} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n", self.path);
        for (name, value) in self.fields {
            write!(request, "{name}: {value}\r\n").expect("memory");
        }
        if self.chunks.is_empty() && self.trailers.is_empty() {
            request += "\r\n";
        } else {
            request += "transfer-encoding: chunked\r\n\r\n";
            for chunk in self.chunks {
                write!(request, "{:x}\r\n{chunk}\r\n", chunk.len()).expect("memory");
            }
            request += "0\r\n";
            for (name, value) in self.trailers {
                write!(request, "{name}: {value}\r\n").expect("memory");
            }
            request += "\r\n";
        }
        let wire = raw::http1(server, &request).await;
        let (head, content) = wire.split_once("\r\n\r\n").expect("a header section");
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).expect("a status line");
        let headers: http_1::HeaderMap = lines
            .map(|line| line.split_once(": ").expect("a field line"))
            .map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value")))
            .collect();
        let is_chunked = headers.contains_key("transfer-encoding");
        let length = headers.get("content-length").and_then(|value| value.to_str().ok()?.parse().ok());
        Answer {
            status: status.parse().expect("a number"),
            is_whole: if is_chunked { content.ends_with("0\r\n\r\n") } else { length == Some(content.len()) },
            content: content.to_owned(),
            headers,
        }
    }
}

pub(crate) fn fields(list: &[(&str, &str)]) -> http_1::HeaderMap {
    let mut fields = http_1::HeaderMap::new();
    for (name, value) in list {
        let name: http_1::HeaderName = name.parse().expect("a name");
        fields.append(name, http_1::HeaderValue::from_bytes(value.as_bytes()).expect("a value"));
    }
    fields
}

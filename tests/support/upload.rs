//! Requests with a body and trailers, written to the wire of either protocol.

use super::raw;
use bytes::Bytes;
use std::{fmt::Write, net::SocketAddr};

pub(crate) const PROTOCOLS: [&str; 2] = ["HTTP/2", "HTTP/1.1"];

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
    pub(crate) async fn send(&self, protocol: &str, server: SocketAddr) -> Answer {
        if protocol == "HTTP/2" { self.over_http2(server).await } else { self.over_http1(server).await }
    }

    async fn over_http2(&self, server: SocketAddr) -> Answer {
        let mut client = raw::http2(server).await;
        let mut request =
            http::Request::builder().method(self.method).uri(format!("https://localhost{}", self.path));
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
        let trailers = super::soon("the end", body.trailers()).await;
        Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            is_whole: content.is_ok(),
            trailers: trailers.ok().flatten().unwrap_or_default(),
            content: String::from_utf8(content.unwrap_or_default()).expect("text"),
        }
    }

    /// Chunked if there is content or a trailer, otherwise without a body.
    async fn over_http1(&self, server: SocketAddr) -> Answer {
        let mut request =
            format!("{} {} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n", self.method, self.path);
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
        let headers = section(lines);
        let status = status.parse().expect("a number");
        if headers.contains_key("transfer-encoding") {
            let (content, trailers) = unchunked(content);
            let is_whole = trailers.is_some();
            return Answer { status, headers, content, trailers: trailers.unwrap_or_default(), is_whole };
        }
        let length = headers.get("content-length").and_then(|value| value.to_str().ok()?.parse().ok());
        let (is_whole, trailers) = (length == Some(content.len()), http::HeaderMap::new());
        Answer { status, headers, content: content.to_owned(), trailers, is_whole }
    }
}

fn section<'a>(lines: impl Iterator<Item = &'a str>) -> http::HeaderMap {
    let fields: Vec<_> = lines.map(|line| line.split_once(": ").expect("a field line")).collect();
    self::fields(&fields)
}

/// The content of chunks, and the trailers if the last chunk has arrived.
fn unchunked(mut wire: &str) -> (String, Option<http::HeaderMap>) {
    let mut content = String::new();
    while let Some((size, rest)) = wire.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).expect("a chunk's size");
        if size == 0 {
            let section_end = rest.strip_suffix("\r\n").expect("the end");
            return (content, Some(section(section_end.split_terminator("\r\n"))));
        }
        let (Some(chunk), Some(next)) = (rest.get(..size), rest.get(size + 2..)) else { break };
        content += chunk;
        wire = next;
    }
    (content, None)
}

pub(crate) fn fields(list: &[(&str, &str)]) -> http::HeaderMap {
    let mut fields = http::HeaderMap::new();
    for (name, value) in list {
        let name: http::HeaderName = name.parse().expect("a name");
        fields.append(name, http::HeaderValue::from_bytes(value.as_bytes()).expect("a value"));
    }
    fields
}

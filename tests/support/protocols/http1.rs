use super::{
    client::Request,
    response::{Body as AnyBody, Cut, Piece, Response, Why},
};
use crate::support::{
    faulty_proxy::{self, Reader, Stream, Writer},
    raw,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Where each request has a connection of its own.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    pub(super) local: IpAddr,
}

/// A request under way.
pub(crate) struct Exchange {
    writer: Writer,
    reader: Option<Reader>,
    is_head: bool,
}

impl Server {
    /// Content is chunked unless its length is announced.
    pub(super) async fn begin(&self, request: &Request<'_>, is_whole: bool) -> Exchange {
        let mut fields = HeaderMap::from_iter([(header::HOST, HeaderValue::from_static("localhost"))]);
        for (name, value) in &request.fields {
            fields.append(name, value.clone());
        }
        let is_chunked = !is_whole && !fields.contains_key(header::CONTENT_LENGTH);
        if is_chunked {
            fields.insert(header::TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
        }
        let first = format!("{} {} HTTP/1.1", request.method, request.path);
        let stream = Stream::tls(self.connect().await);
        // If the server has closed already, reading says so.
        let writer = Writer::begin(&stream, &faulty_proxy::head(&first, &fields), is_chunked).await;
        let writer = writer.expect("sent");
        Exchange { writer, reader: Some(Reader::new(stream)), is_head: request.method == Method::HEAD }
    }

    async fn connect(&self) -> tokio_rustls::client::TlsStream<tokio::net::TcpStream> {
        match self.local {
            IpAddr::V4(Ipv4Addr::LOCALHOST) => raw::tls(self.address, "http/1.1").await,
            #[cfg(target_os = "linux")]
            IpAddr::V4(local) => raw::tls_from(local, self.address, "http/1.1").await,
            local => panic!("no client at {local}"),
        }
    }
}

impl Exchange {
    pub(super) async fn send(&mut self, chunk: &[u8]) -> bool {
        self.writer.data(chunk).await.is_ok()
    }

    pub(super) async fn end(&mut self, last: &[u8], trailers: &HeaderMap) -> bool {
        self.send(last).await && self.writer.end(trailers).await.is_ok()
    }

    /// The status of an informational response.
    pub(super) async fn informational(&mut self) -> StatusCode {
        let (first, _) = self.reader.as_mut().expect("no response yet").head().await.expect("a head");
        status(&first)
    }

    pub(super) async fn response(&mut self) -> Result<Response, Cut> {
        let mut reader = self.reader.take().expect("one response");
        loop {
            let (first, fields) = reader.head().await.map_err(|_error| Why::Closed)?;
            let status = status(&first);
            if status.is_informational() {
                continue;
            }
            let has_content = !self.is_head && status != 204 && status != 304;
            let body = if has_content {
                faulty_proxy::Body::of_response(reader, &fields)
            } else {
                faulty_proxy::Body::none(reader)
            };
            return Ok(Response::new(status, fields, AnyBody::Http1(Body(body))));
        }
    }
}

fn status(line: &str) -> StatusCode {
    let status = line.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
    status.unwrap_or_else(|| panic!("a status line: {line}"))
}

/// The rest of a response.
pub(crate) struct Body(faulty_proxy::Body);

impl Body {
    pub(super) async fn next(&mut self) -> Result<Option<Piece>, Why> {
        let piece = self.0.next().await.map_err(|_broken| Why::Closed)?;
        Ok(piece.map(|piece| match piece {
            faulty_proxy::Piece::Data(data) => Piece::Data(data),
            faulty_proxy::Piece::Trailers(trailers) => Piece::Trailers(trailers),
        }))
    }
}

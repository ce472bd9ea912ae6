use super::{
    body::{Incoming, Outgoing},
    http1::{Body, Reader, Writer, head},
    message::Broken,
    proxy::Setup,
    stream::Stream,
};
use crate::support::{certificate, raw};
use bytes::Bytes;
use h2::client::{ResponseFuture, SendRequest};
use http::{
    Method, Request, Response, StatusCode, Version,
    header::{CONNECTION, CONTENT_LENGTH, HOST, TE, TRANSFER_ENCODING},
    request::Parts,
};
use rustls::{ClientConfig, pki_types::ServerName};
use std::{
    io,
    sync::{Arc, LazyLock},
};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

const WINDOW: u32 = 1024 * 1024;

static HTTP1: LazyLock<Arc<ClientConfig>> = LazyLock::new(|| config("http/1.1"));
static HTTP2: LazyLock<Arc<ClientConfig>> = LazyLock::new(|| config("h2"));

fn config(alpn: &str) -> Arc<ClientConfig> {
    Arc::new(raw::client_config(&[certificate()], rustls::DEFAULT_VERSIONS, &[alpn]))
}

/// Sends the header section of a request on a connection of its own.
pub(super) async fn ask(
    setup: &Setup,
    version: Version,
    request: Parts,
    has_content: bool,
) -> io::Result<(Outgoing, Answers)> {
    let stream = connect(setup, version).await?;
    if version == Version::HTTP_2 {
        ask_http2(stream, request, has_content).await.map_err(io::Error::other)
    } else {
        ask_http1(stream, version, request, has_content).await
    }
}

async fn connect(setup: &Setup, version: Version) -> io::Result<Stream> {
    let tcp = TcpStream::connect(setup.origin).await?;
    tcp.set_nodelay(true)?;
    if !setup.is_origin_tls {
        return Ok(Stream::plain(tcp));
    }
    let config = if version == Version::HTTP_2 { &HTTP2 } else { &HTTP1 };
    let name = ServerName::try_from("localhost").expect("a name");
    Ok(Stream::tls(TlsConnector::from(LazyLock::force(config).clone()).connect(name, tcp).await?))
}

async fn ask_http1(
    stream: Stream,
    version: Version,
    mut request: Parts,
    has_content: bool,
) -> io::Result<(Outgoing, Answers)> {
    let fields = &mut request.headers;
    if let (false, Some(authority)) = (fields.contains_key(HOST), request.uri.authority()) {
        fields.insert(HOST, authority.as_str().parse().expect("a name"));
    }
    if fields.contains_key(TE) {
        fields.insert(CONNECTION, "te".parse().expect("a value"));
    }
    let is_chunked = has_content && !fields.contains_key(CONTENT_LENGTH);
    if is_chunked {
        fields.insert(TRANSFER_ENCODING, "chunked".parse().expect("a value"));
    }
    let target = request.uri.path_and_query().map_or("/", |target| target.as_str());
    let first = format!("{} {target} {version:?}", request.method);
    let writer = Writer::begin(&stream, &head(&first, fields), is_chunked).await?;
    let outgoing = if has_content { Outgoing::Http1(writer) } else { Outgoing::Empty(None) };
    let reader = Some(Reader::new(stream));
    Ok((outgoing, Answers::Http1 { reader, is_head: request.method == Method::HEAD }))
}

async fn ask_http2(
    stream: Stream,
    mut request: Parts,
    has_content: bool,
) -> Result<(Outgoing, Answers), h2::Error> {
    let mut builder = h2::client::Builder::new();
    builder.initial_window_size(WINDOW).initial_connection_window_size(WINDOW).enable_push(false);
    let (mut sender, connection): (SendRequest<Bytes>, _) = builder.handshake(stream).await?;
    // It ends with its last stream.
    tokio::spawn(connection);
    request.version = Version::HTTP_2;
    request.headers.remove(HOST);
    let (response, stream) = sender.send_request(Request::from_parts(request, ()), !has_content)?;
    let outgoing = if has_content { Outgoing::Http2(stream) } else { Outgoing::Empty(None) };
    Ok((outgoing, Answers::Http2(response)))
}

/// The responses to a request.
pub(super) enum Answers {
    Http1 { reader: Option<Reader>, is_head: bool },
    Http2(ResponseFuture),
}

impl Answers {
    /// The next one: informational ones, then a final one.
    pub(super) async fn next(&mut self) -> Result<Response<Incoming>, Broken> {
        match self {
            Self::Http2(response) => {
                let response = response.await.map_err(|error| Broken::of_http2(&error))?;
                Ok(response.map(Incoming::from))
            }
            Self::Http1 { reader, is_head } => {
                let answer = http1_answer(reader, *is_head).await;
                answer.map_err(|error| Broken::of_http1(&error))
            }
        }
    }
}

async fn http1_answer(reader: &mut Option<Reader>, is_head: bool) -> io::Result<Response<Incoming>> {
    let mut receiving = reader.take().expect("the response is not complete");
    let (first, fields) = receiving.head().await?;
    let status = first.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status: StatusCode = status.ok_or(io::ErrorKind::InvalidData)?;
    let body = if status.is_informational() {
        *reader = Some(receiving);
        Incoming::Empty
    } else if is_head || status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED {
        Body::none(receiving).into()
    } else {
        Body::of_response(receiving, &fields).into()
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = fields;
    Ok(response)
}

use super::response::{Cut, Response, Why};
use super::{Protocol, http1, http2, http3};
use crate::support::{soon, upload::fields};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use tokio::net::TcpStream;

/// A client of one server: over HTTP/2 and HTTP/3 one connection for all requests, over HTTP/1.1 one for each.
pub(crate) struct Client {
    protocol: Protocol,
    connection: Connection,
}

enum Connection {
    Http1(http1::Server),
    Http2(http2::Connection),
    Http3(http3::Connection),
}

/// What a client sets, with the defaults of [`Protocol::client`].
#[derive(Clone, Copy)]
pub(crate) struct Settings {
    /// The address that the client comes from.
    pub(crate) local: IpAddr,
    /// The largest section that it accepts, in bytes, which HTTP/1.1 can't express.
    pub(crate) section: Option<u32>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { local: Ipv4Addr::LOCALHOST.into(), section: None }
    }
}

impl Protocol {
    pub(crate) async fn client(self, server: SocketAddr) -> Client {
        self.client_with(server, Settings::default()).await
    }

    pub(crate) async fn client_with(self, server: SocketAddr, settings: Settings) -> Client {
        let connection = match self {
            Self::Http1 => Connection::Http1(http1::Server { address: server, local: settings.local }),
            // These futures are large.
            Self::Http2 => Connection::Http2(Box::pin(http2::Connection::open(server, settings)).await),
            Self::Http3 => Connection::Http3(Box::pin(http3::Connection::open(server, settings)).await),
        };
        Client { protocol: self, connection }
    }

    /// Whether the server accepts a new connection.
    pub(crate) async fn connects(self, server: SocketAddr) -> bool {
        match self {
            Self::Http1 | Self::Http2 => TcpStream::connect(server).await.is_ok(),
            Self::Http3 => Box::pin(http3::Connection::try_open(server, Settings::default())).await.is_ok(),
        }
    }
}

impl Client {
    pub(crate) fn request(&self, method: impl AsRef<str>, path: impl AsRef<str>) -> Request<'_> {
        Request {
            client: self,
            method: method.as_ref().parse().expect("a method"),
            path: path.as_ref().to_owned(),
            fields: HeaderMap::new(),
            content: Vec::new(),
            trailers: HeaderMap::new(),
        }
    }

    /// The response to a `GET` that accepts trailers.
    pub(crate) async fn get(&self, path: impl AsRef<str>) -> Response {
        let path = path.as_ref();
        let request = self.request("GET", path).header("te", "trailers");
        Box::pin(request.send()).await.unwrap_or_else(|cut| panic!("no response to {path}: {cut:?}"))
    }

    /// Requests a path whose response is cut, and returns what came of it.
    pub(crate) async fn cut(&self, path: impl AsRef<str>) -> Cut {
        let path = path.as_ref();
        match Box::pin(self.request("GET", path).header("te", "trailers").send()).await {
            Ok(response) => match response.read().await {
                Ok(whole) => panic!("{path} is whole: {whole:?}"),
                Err(cut) => cut,
            },
            Err(cut) => cut,
        }
    }

    /// The same if it is cut after this content. Returns how.
    pub(crate) async fn cut_after(&self, content: impl AsRef<[u8]>, path: impl AsRef<str>) -> Why {
        const TRIES: usize = 5;
        let (content, path) = (content.as_ref(), path.as_ref());
        let mut tries = 1;
        loop {
            let cut = self.cut(path).await;
            if cut.content == content {
                return cut.why;
            }
            // Over QUIC a reset discards what a busy client has not read yet.
            let may_be_lost = self.protocol == Protocol::Http3 && content.starts_with(&cut.content);
            assert!(may_be_lost && tries < TRIES, "{path}: {cut:?}");
            tries += 1;
        }
    }

    /// Ends the connection at once, whatever is under way. Over HTTP/1.1, each exchange has a connection of its own.
    pub(crate) fn close(&self) {
        match &self.connection {
            Connection::Http1(_) => {}
            Connection::Http2(connection) => connection.close(),
            Connection::Http3(connection) => connection.close(),
        }
    }

    /// The connection over HTTP/3.
    pub(crate) fn http3(&self) -> &http3::Connection {
        match &self.connection {
            Connection::Http3(connection) => connection,
            _ => panic!("a client over {}", self.protocol),
        }
    }
}

/// A request that was not sent yet.
#[must_use]
pub(crate) struct Request<'a> {
    client: &'a Client,
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) fields: HeaderMap,
    content: Vec<Bytes>,
    trailers: HeaderMap,
}

impl Request<'_> {
    pub(crate) fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let name: HeaderName = name.parse().expect("a name");
        self.fields.append(name, HeaderValue::from_bytes(value.as_ref()).expect("a value"));
        self
    }

    pub(crate) fn headers(self, fields: &[(&str, &str)]) -> Self {
        fields.iter().fold(self, |request, (name, value)| request.header(name, value))
    }

    /// Adds a chunk of content.
    pub(crate) fn body(mut self, chunk: impl Into<Bytes>) -> Self {
        self.content.push(chunk.into());
        self
    }

    /// Trailers behind a request that is [sent](Self::send) as a whole.
    pub(crate) fn trailers(mut self, trailers: &[(&str, &str)]) -> Self {
        self.trailers = fields(trailers);
        self
    }

    /// Sends all of it, and returns once the header section of the response has arrived.
    pub(crate) async fn send(mut self) -> Result<Response, Cut> {
        let trailers = std::mem::take(&mut self.trailers);
        let last = self.content.pop();
        if last.is_none() && trailers.is_empty() {
            return self.ask().await?.response().await;
        }
        let mut exchange = self.begin().await?;
        exchange.finish(last.unwrap_or_default(), trailers).await;
        exchange.response().await
    }

    /// Sends the header section and the content so far. More may follow.
    pub(crate) async fn begin(self) -> Result<Exchange, Cut> {
        self.begin_with(false).await
    }

    /// Sends a request without content, and does not wait for its response.
    pub(crate) async fn ask(self) -> Result<Exchange, Cut> {
        self.begin_with(true).await
    }

    async fn begin_with(mut self, is_whole: bool) -> Result<Exchange, Cut> {
        let content = std::mem::take(&mut self.content);
        let begun = async {
            Ok::<_, Cut>(match &self.client.connection {
                Connection::Http1(server) => Exchange::Http1(server.begin(&self, is_whole).await),
                Connection::Http2(connection) => Exchange::Http2(connection.begin(&self, is_whole).await?),
                Connection::Http3(connection) => Exchange::Http3(connection.begin(&self, is_whole).await?),
            })
        };
        let mut exchange = soon("a stream", begun).await?;
        for chunk in content {
            exchange.send(chunk).await;
        }
        Ok(exchange)
    }
}

/// A request under way. Dropping it cancels the exchange.
pub(crate) enum Exchange {
    Http1(http1::Exchange),
    Http2(http2::Exchange),
    Http3(http3::Exchange),
}

impl Exchange {
    /// Sends content. Ignores that the server takes no more: its response says why.
    pub(crate) async fn send(&mut self, chunk: impl Into<Bytes>) {
        let chunk = chunk.into();
        let _taken = match self {
            Self::Http1(exchange) => soon("room", exchange.send(&chunk)).await,
            Self::Http2(exchange) => exchange.send(chunk),
            Self::Http3(exchange) => soon("room", exchange.send(&chunk)).await,
        };
    }

    /// Sends content as fast as the server takes it. Returns false if it takes no more.
    pub(crate) async fn send_as_taken(&mut self, chunk: impl Into<Bytes>) -> bool {
        let chunk = chunk.into();
        match self {
            Self::Http1(exchange) => exchange.send(&chunk).await,
            Self::Http2(exchange) => exchange.send_as_taken(chunk).await,
            Self::Http3(exchange) => exchange.send(&chunk).await,
        }
    }

    /// Ends the request after this content.
    pub(crate) async fn end(&mut self, last: impl Into<Bytes>) {
        self.finish(last.into(), HeaderMap::new()).await;
    }

    /// Ends the request with trailers.
    pub(crate) async fn end_with(&mut self, trailers: &[(&str, &str)]) {
        self.finish(Bytes::new(), fields(trailers)).await;
    }

    async fn finish(&mut self, last: Bytes, trailers: HeaderMap) {
        let _taken = match self {
            Self::Http1(exchange) => soon("room", exchange.end(&last, &trailers)).await,
            Self::Http2(exchange) => exchange.end(last, trailers),
            Self::Http3(exchange) => soon("room", exchange.end(&last, &trailers)).await,
        };
    }

    /// Waits for an informational response.
    pub(crate) async fn informational(&mut self) -> StatusCode {
        match self {
            Self::Http1(exchange) => soon("a status", exchange.informational()).await,
            Self::Http2(_) => panic!("the server sends none over HTTP/2"),
            Self::Http3(exchange) => soon("a status", exchange.informational()).await,
        }
    }

    /// Waits for the header section of the response. The request may go on.
    pub(crate) async fn response(&mut self) -> Result<Response, Cut> {
        match self {
            Self::Http1(exchange) => soon("a response", exchange.response()).await,
            Self::Http2(exchange) => soon("a response", exchange.response()).await,
            Self::Http3(exchange) => soon("a response", exchange.response()).await,
        }
    }

    /// Gives the request up in its middle.
    pub(crate) fn abort(self) {
        match self {
            // With the connection.
            Self::Http1(exchange) => drop(exchange),
            Self::Http2(exchange) => exchange.abort(),
            Self::Http3(exchange) => drop(exchange),
        }
    }
}

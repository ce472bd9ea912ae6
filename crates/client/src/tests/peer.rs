use crate::{Client, Cut, Error, ResponseBody, Transport, client::Origin, connector::Connection};
use axum_trailers::BoxError;
use bytes::Bytes;
use http::{HeaderMap, Request, Response, Version};
use http_body::Body;
use http_body_util::{BodyExt, Empty};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
    task::JoinHandle,
};

/// The server's end of a connection.
pub(super) struct Peer {
    stream: DuplexStream,
    /// Has arrived, and was not read yet.
    arrived: Vec<u8>,
}

/// A client with an open connection of this protocol to `http://test/`, and the other end.
pub(super) async fn connected(version: Version) -> (Client, Peer) {
    let client = Client::new();
    let peer = connect(&client, version).await;
    (client, peer)
}

/// Gives the client another connection.
pub(super) async fn connect(client: &Client, version: Version) -> Peer {
    Peer { stream: connect_to(client, version).await, arrived: Vec::new() }
}

/// The same for a server that is not scripted.
pub(super) async fn unused(version: Version) -> (Client, DuplexStream) {
    let client = Client::new();
    let stream = connect_to(&client, version).await;
    (client, stream)
}

async fn connect_to(client: &Client, version: Version) -> DuplexStream {
    let (near, far) = duplex(64 * 1024);
    let transport = Transport::new(version, false);
    let connection = Connection::over(near, transport).await.expect("an open stream");
    client.adopt(&Origin { is_tls: false, host: "test".to_owned(), port: 80 }, connection);
    far
}

pub(super) type Exchanging = JoinHandle<Result<Response<ResponseBody>, Error>>;

/// Sends a request in a task.
pub(super) fn send<B>(client: &Client, request: Request<B>) -> Exchanging
where
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    let client = client.clone();
    tokio::spawn(async move { client.exchange(request).await })
}

pub(super) fn get() -> Request<Empty<Bytes>> {
    Request::get("http://test/").body(Empty::new()).expect("a request")
}

pub(super) async fn response(exchanging: Exchanging) -> Response<ResponseBody> {
    exchanging.await.expect("no panic").expect("a response")
}

pub(super) async fn failure(exchanging: Exchanging) -> Error {
    exchanging.await.expect("no panic").expect_err("no response")
}

/// Reads a body to its end: content, trailers, and how it was cut.
pub(super) async fn read(response: Response<ResponseBody>) -> (String, Option<HeaderMap>, Option<Cut>) {
    let mut body = response.into_body();
    let (mut content, mut trailers) = (Vec::new(), None);
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(frame) => match frame.into_data() {
                Ok(data) => content.extend_from_slice(&data),
                Err(frame) => trailers = frame.into_trailers().ok(),
            },
            Err(cut) => {
                assert!(body.frame().await.is_none(), "an error is the last of a body");
                return (text(content), trailers, Some(cut));
            }
        }
    }
    (text(content), trailers, None)
}

pub(super) fn text(bytes: impl Into<Vec<u8>>) -> String {
    String::from_utf8(bytes.into()).expect("text")
}

impl Peer {
    /// Reads `length` bytes.
    pub(super) async fn bytes(&mut self, length: usize) -> Vec<u8> {
        while self.arrived.len() < length {
            assert!(self.fill().await > 0, "closed after {:?}", self.arrived);
        }
        self.arrived.drain(..length).collect()
    }

    /// Reads until `end`, and that.
    pub(super) async fn until(&mut self, end: &str) -> String {
        loop {
            let found = self.arrived.windows(end.len()).position(|bytes| bytes == end.as_bytes());
            if let Some(start) = found {
                return text(self.bytes(start + end.len()).await);
            }
            assert!(self.fill().await > 0, "closed after {:?}", text(self.arrived.clone()));
        }
    }

    /// Reads a header section.
    pub(super) async fn head(&mut self) -> String {
        self.until("\r\n\r\n").await
    }

    /// Reads until the client closes the connection.
    pub(super) async fn rest(&mut self) -> Vec<u8> {
        while self.fill().await > 0 {}
        std::mem::take(&mut self.arrived)
    }

    async fn fill(&mut self) -> usize {
        self.stream.read_buf(&mut self.arrived).await.unwrap_or(0)
    }

    pub(super) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.expect("the client reads");
    }

    /// Sends as much as the client reads.
    pub(super) async fn flood(&mut self, bytes: impl AsRef<[u8]>) {
        let _closed_by_the_client = self.stream.write_all(bytes.as_ref()).await;
    }

    /// Ends the sending side.
    pub(super) async fn close(&mut self) {
        self.stream.shutdown().await.expect("a stream in memory");
    }
}

use super::{Adapter, Ours, Raw, Server};
use axum_trailers_quic::{
    BidiStream, Bounds, Connection, Stream,
    h3::{self, error::StreamError},
};
use bytes::{Buf, Bytes};
use http::{HeaderMap, Request};
use tokio::task::JoinError;

/// What a server has received of one request.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) content: Vec<u8>,
    /// Or why there is no end.
    pub(crate) end: Result<Option<HeaderMap>, StreamError>,
}

/// What h3 receives of a request stream with these bytes and a clean end.
///
/// # Errors
///
/// If h3 panics.
pub(crate) async fn receive<A: Adapter>(bytes: &[u8]) -> Result<Received, JoinError> {
    let (raw, server) = Raw::connect().await;
    let (_send, _recv) = raw.request(bytes).await;
    let received = tokio::spawn(async move {
        let mut server = serve::<A>(server).await;
        let resolver = server.accept().await.expect("no error").expect("a request");
        match resolver.resolve_request().await {
            Ok((_, mut stream)) => read(&mut stream).await,
            Err(error) => Received { content: Vec::new(), end: Err(error) },
        }
    });
    received.await
}

/// Puts h3 on a server's connection.
pub(crate) async fn serve<A: Adapter>(connection: quinn::Connection) -> Server<A> {
    h3::server::builder().send_grease(false).build(A::wrap(connection)).await.expect("settings")
}

/// Waits for the first request.
pub(crate) async fn accept<A: Adapter>(
    connection: quinn::Connection,
) -> (Server<A>, Request<()>, h3::server::RequestStream<A::Stream, Bytes>) {
    let mut server = serve::<A>(connection).await;
    let resolver = server.accept().await.expect("no error").expect("a request");
    let (request, stream) = resolver.resolve_request().await.expect("a header section");
    (server, request, stream)
}

/// A server on the adapter that has the first stream of a client, and what is known about it.
pub(crate) async fn serve_one(
    server: quinn::Connection,
) -> (Server<Ours>, h3::server::RequestStream<BidiStream, Bytes>, Stream) {
    let (connection, streams) = Connection::new(server, Bounds::default());
    let mut server = h3::server::builder().send_grease(false).build(connection).await.expect("settings");
    let resolver = server.accept().await.expect("no error").expect("a request");
    let (_, stream) = resolver.resolve_request().await.expect("a header section");
    let control = streams.take(stream.id()).expect("a stream");
    (server, stream, control)
}

/// Reads a request to its end.
pub(crate) async fn read(
    stream: &mut h3::server::RequestStream<impl h3::quic::RecvStream, Bytes>,
) -> Received {
    let mut content = Vec::new();
    loop {
        match stream.recv_data().await {
            Ok(Some(mut data)) => content.extend(data.copy_to_bytes(data.remaining())),
            Ok(None) => return Received { content, end: stream.recv_trailers().await },
            Err(error) => return Received { content, end: Err(error) },
        }
    }
}

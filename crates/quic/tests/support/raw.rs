use super::connect_with;
use axum_trailers_testing::http3::{HEADERS, control, frame};
use quinn::{Connection, Endpoint, RecvStream, SendStream, TransportConfig};

/// A client that sends bytes instead of messages.
pub(crate) struct Raw {
    pub(crate) connection: Connection,
    /// It must not end.
    pub(crate) control: SendStream,
    _endpoints: [Endpoint; 2],
}

impl Raw {
    /// Connects a client that has sent empty `SETTINGS`. Returns also the server's connection.
    pub(crate) async fn connect() -> (Self, Connection) {
        Self::with(TransportConfig::default(), &control(&[])).await
    }

    /// The same with this configuration of the server, and these first bytes of the control stream.
    pub(crate) async fn with(server: TransportConfig, control: &[u8]) -> (Self, Connection) {
        let (connection, server, endpoints) = connect_with(server).await;
        let mut stream = connection.open_uni().await.expect("a stream");
        stream.write_all(control).await.expect("it is open");
        (Self { connection, control: stream, _endpoints: endpoints }, server)
    }

    /// Opens a request stream and sends these bytes, without an end.
    pub(crate) async fn send(&self, bytes: &[u8]) -> (SendStream, RecvStream) {
        let (mut send, recv) = self.connection.open_bi().await.expect("a stream");
        send.write_all(bytes).await.expect("it is open");
        (send, recv)
    }

    /// The same with an end.
    pub(crate) async fn request(&self, bytes: &[u8]) -> (SendStream, RecvStream) {
        let (mut send, recv) = self.send(bytes).await;
        send.finish().expect("it is open");
        (send, recv)
    }
}

/// The `HEADERS` of `POST https://localhost/`, with these encoded fields behind.
pub(crate) fn post(fields: &[u8]) -> Vec<u8> {
    frame(HEADERS, &[&[0, 0, 0xd4, 0xd7, 0x50, 9][..], b"localhost", &[0xc1], fields].concat())
}

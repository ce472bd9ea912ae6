use axum_trailers_quic::{
    Bounds, Connection,
    h3::{self, quic},
};
use bytes::Bytes;

/// A way to put h3 on quinn.
pub(crate) trait Adapter {
    type Connection: quic::Connection<Bytes, BidiStream = Self::Stream, SendStream: Send, RecvStream: Send>
        + Send
        + 'static;
    type Stream: quic::BidiStream<Bytes, SendStream: Send, RecvStream = Self::RecvStream> + Send + 'static;
    type RecvStream: quic::RecvStream + Send + 'static;

    fn wrap(connection: quinn::Connection) -> Self::Connection;
}

/// h3-quinn.
pub(crate) struct Plain;

impl Adapter for Plain {
    type Connection = h3_quinn::Connection;
    type Stream = h3_quinn::BidiStream<Bytes>;
    type RecvStream = h3_quinn::RecvStream;

    fn wrap(connection: quinn::Connection) -> Self::Connection {
        h3_quinn::Connection::new(connection)
    }
}

/// The adapter.
pub(crate) struct Ours;

impl Adapter for Ours {
    type Connection = Connection;
    type Stream = axum_trailers_quic::BidiStream;
    type RecvStream = axum_trailers_quic::RecvStream;

    fn wrap(connection: quinn::Connection) -> Self::Connection {
        Connection::new(connection, Bounds::default()).0
    }
}

/// A server's connection.
pub(crate) type Server<A> = h3::server::Connection<<A as Adapter>::Connection, Bytes>;

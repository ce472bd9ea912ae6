use super::Raw;
use axum_trailers_quic::{
    Fault,
    h3::error::{Code, ConnectionError, StreamError},
    h3::quic::ConnectionErrorIncoming,
};

/// The fault for which the stream or the connection has ended.
pub(crate) fn fault<T>(received: Result<T, StreamError>) -> Option<Fault> {
    match received.err()? {
        StreamError::ConnectionError(ConnectionError::Remote(ConnectionErrorIncoming::Undefined(error))) => {
            error.downcast_ref().cloned()
        }
        StreamError::Undefined(error) => error.downcast_ref().cloned(),
        _ => None,
    }
}

/// The client sees this code.
pub(crate) async fn assert_closed(raw: &Raw, expected: Code) {
    let quinn::ConnectionError::ApplicationClosed(close) = raw.connection.closed().await else {
        panic!("it is not closed by HTTP/3");
    };
    assert_eq!(close.error_code, code(expected));
}

/// The same for quinn.
pub(crate) fn code(code: Code) -> quinn::VarInt {
    quinn::VarInt::from_u64(code.value()).expect("small")
}

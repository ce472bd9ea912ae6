use super::socket::Socket;
use std::{
    io::{self, Write},
    pin::Pin,
    task::{Context, Poll, Waker},
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::server::TlsStream;

/// A client's connection, with or without TLS.
pub(crate) trait Transport: AsyncRead + AsyncWrite + Unpin {
    fn socket(&self) -> &Socket;

    fn socket_mut(&mut self) -> &mut Socket;

    /// Reports that what was sent is incomplete, if the protocol can: TLS, with a fatal alert. It is sent only if the
    /// socket accepts it at once.
    ///
    /// nginx 1.22 takes the reset of a TLS connection for the clean end of a body that ends with its connection, but
    /// passes an alert on as an error. A client that has sent `close_notify` gets none: rustls reads nothing more.
    fn alert(&mut self);
}

impl Transport for Socket {
    fn socket(&self) -> &Socket {
        self
    }

    fn socket_mut(&mut self) -> &mut Socket {
        self
    }

    fn alert(&mut self) {}
}

/// No TLS record begins with this byte, and TLS 1.3 connections have no unprotected records
/// ([RFC 8446 §5.1](https://www.rfc-editor.org/rfc/rfc8446#section-5.1)).
const INVALID: [u8; 1024] = [0; 1024];

/// This many of them complete any partial record.
const INVALID_AT_MOST: usize = 20;

impl Transport for Box<TlsStream<Socket>> {
    fn socket(&self) -> &Socket {
        self.get_ref().0
    }

    fn socket_mut(&mut self) -> &mut Socket {
        self.get_mut().0
    }

    /// rustls has no function for it, but sends an alert itself after an invalid record, as if the client had sent one.
    fn alert(&mut self) {
        let (socket, session) = self.get_mut();
        for _ in 0..INVALID_AT_MOST {
            let taken = session.read_tls(&mut &INVALID[..]);
            if session.process_new_packets().is_err() || !matches!(taken, Ok(1..)) {
                break;
            }
        }
        while session.wants_write() && matches!(session.write_tls(&mut AtOnce(socket)), Ok(1..)) {}
    }
}

/// Writes what the socket accepts at once.
struct AtOnce<'s>(&'s mut Socket);

impl Write for AtOnce<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut nobody = Context::from_waker(Waker::noop());
        match Pin::new(&mut *self.0).poll_write(&mut nobody, bytes) {
            Poll::Ready(written) => written,
            Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

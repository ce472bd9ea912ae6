use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard},
    task::{Context, Poll},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::TlsStream;

/// A connection whose clones read and write independently.
#[derive(Clone)]
pub(in crate::support) struct Stream(Arc<Mutex<State>>);

enum State {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
    Reset,
}

impl Stream {
    pub(in crate::support) fn plain(tcp: TcpStream) -> Self {
        Self(Arc::new(Mutex::new(State::Plain(tcp))))
    }

    pub(in crate::support) fn tls(tls: impl Into<TlsStream<TcpStream>>) -> Self {
        Self(Arc::new(Mutex::new(State::Tls(Box::new(tls.into())))))
    }

    /// Resets the TCP connection, without an end of TLS.
    pub(in crate::support) fn reset(&self) {
        let mut state = self.state();
        let set = match &*state {
            State::Plain(tcp) => tcp.set_zero_linger(),
            State::Tls(tls) => tls.get_ref().0.set_zero_linger(),
            State::Reset => Ok(()),
        };
        set.expect("an option of all sockets");
        *state = State::Reset;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no panic")
    }
}

fn reset() -> io::Error {
    io::ErrorKind::ConnectionReset.into()
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut *self.state() {
            State::Plain(tcp) => Pin::new(tcp).poll_read(cx, buffer),
            State::Tls(tls) => Pin::new(tls).poll_read(cx, buffer),
            State::Reset => Poll::Ready(Err(reset())),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut *self.state() {
            State::Plain(tcp) => Pin::new(tcp).poll_write(cx, bytes),
            State::Tls(tls) => Pin::new(tls).poll_write(cx, bytes),
            State::Reset => Poll::Ready(Err(reset())),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self.state() {
            State::Plain(tcp) => Pin::new(tcp).poll_flush(cx),
            State::Tls(tls) => Pin::new(tls).poll_flush(cx),
            State::Reset => Poll::Ready(Err(reset())),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self.state() {
            State::Plain(tcp) => Pin::new(tcp).poll_shutdown(cx),
            State::Tls(tls) => Pin::new(tls).poll_shutdown(cx),
            State::Reset => Poll::Ready(Ok(())),
        }
    }
}

use super::{cork::Cork, state::Connection};
use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

/// A client's TCP connection that notes what moves. It lies below TLS, whose buffers hide that.
pub(in crate::server) struct Socket {
    stream: TcpStream,
    connection: Arc<Connection>,
    cork: Cork,
}

impl Socket {
    pub(in crate::server) fn new(stream: TcpStream, connection: Arc<Connection>) -> Self {
        Self { stream, connection, cork: Cork::default() }
    }

    /// Whether these records wait for the next one. The task is woken then, and with it the guard, which sends what still
    /// waits.
    fn corks(&mut self, records: &[IoSlice<'_>]) -> bool {
        let bytes = records.iter().map(|record| record.len()).sum();
        let corks = self.connection.may_cork() && self.cork.holds(bytes);
        self.connection.set_corked(corks);
        corks
    }

    fn note_written(&self, written: &Poll<io::Result<usize>>) {
        match written {
            Poll::Ready(Ok(bytes)) => self.connection.note_write(*bytes),
            Poll::Pending => self.connection.note_write_blocked(),
            Poll::Ready(Err(_)) => {}
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buf);
        if polled.is_ready() {
            self.connection.note_read(buf.filled().len() - before);
        }
        polled
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.note_written(&written);
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.corks(bufs) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        if written.is_ready() {
            self.cork.moved();
        }
        self.note_written(&written);
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if self.connection.must_reset() {
            // A client of HTTP/1.0 would take the close for the end, and the kernel would keep what a stalled one
            // does not read.
            if let Err(error) = self.stream.set_zero_linger() {
                tracing::debug!(peer = %self.connection.peer, %error, "could not reset a connection");
            }
        }
    }
}

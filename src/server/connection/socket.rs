use super::state::Connection;
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

/// What a full TLS 1.3 record takes, in bytes: 16 KiB of content, its type, a tag of 16 bytes and a head of 5
/// ([RFC 8446 §5.2](https://www.rfc-editor.org/rfc/rfc8446#section-5.2)).
pub(in crate::server) const FULL_RECORD: usize = 16 * 1024 + 1 + 16 + 5;

/// So many of them make one write, where they are ready in time.
pub(in crate::server) const RECORDS_TOGETHER: usize = 3;

/// A client's TCP connection that notes what moves. It lies below TLS, whose buffers hide that.
pub(in crate::server) struct Socket {
    stream: TcpStream,
    connection: Arc<Connection>,
    /// What waits for the next record, in bytes.
    corked: usize,
}

impl Socket {
    pub(in crate::server) fn new(stream: TcpStream, connection: Arc<Connection>) -> Self {
        Self { stream, connection, corked: 0 }
    }

    /// Lets full records wait, since the next one is under way as a rule: three of them in one write cost little more than
    /// one. The task is woken, and with it the guard, which sends what still waits then. They wait on only where another
    /// one has come.
    fn corks(&mut self, records: &[IoSlice<'_>]) -> bool {
        let bytes: usize = records.iter().map(|record| record.len()).sum();
        let are_full = bytes.is_multiple_of(FULL_RECORD) && bytes < RECORDS_TOGETHER * FULL_RECORD;
        let corks = are_full && bytes > self.corked && self.connection.may_cork();
        self.corked = if corks { bytes } else { 0 };
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

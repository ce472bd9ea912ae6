use super::{cork::Cork, stream::Stream};
use crate::connection::{CloseReason, Connection};
use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};

/// A client's connection that notes activity. It is below TLS, whose buffers would hide that.
pub(crate) struct Socket {
    stream: Stream,
    connection: Arc<Connection>,
    /// `None` if records never wait.
    cork: Option<Cork>,
    is_reset_on_drop: bool,
    /// What [`peek`](Socket::peek) has read, and must be returned by the next reads.
    peeked: Vec<u8>,
}

/// How much is peeked, in bytes. Most `ClientHello`s fit.
const PEEK: usize = 2 * 1024;

impl Socket {
    pub(crate) fn new(stream: Stream, connection: Arc<Connection>) -> Self {
        Self { stream, connection, cork: None, is_reset_on_drop: false, peeked: Vec::new() }
    }

    /// From now on a full TLS record may wait for the next one.
    pub(super) fn start_corking(&mut self) {
        self.cork = Some(Cork::default());
    }

    /// Whether records wait for the next one.
    pub(super) fn is_corked(&self) -> bool {
        self.cork.as_ref().is_some_and(Cork::is_holding)
    }

    /// Waits for more of the first bytes, and returns all of them so far. They will be read again. It returns the same
    /// ones if the client sends no more, or [`PEEK`] is reached.
    pub(crate) async fn peek(&mut self) -> io::Result<&[u8]> {
        self.peek_up_to(PEEK).await
    }

    /// The same with another limit, in bytes.
    pub(super) async fn peek_up_to(&mut self, limit: usize) -> io::Result<&[u8]> {
        let here = self.peeked.len();
        self.peeked.resize(limit.max(here), 0);
        let read = match self.peeked.get_mut(here..) {
            Some(room) if !room.is_empty() => self.stream.read(room).await,
            _ => Ok(0),
        };
        self.peeked.truncate(here + *read.as_ref().unwrap_or(&0));
        self.connection.note_read(read?);
        Ok(&self.peeked)
    }

    /// The first bytes that were peeked and not read since.
    pub(super) fn peeked(&self) -> &[u8] {
        &self.peeked
    }

    /// Discards the first bytes of those that were peeked.
    pub(super) fn discard_peeked(&mut self, bytes: usize) {
        self.peeked.drain(..bytes.min(self.peeked.len()));
    }

    /// Reads and discards what the client still sends, until it closes.
    pub(crate) async fn drain(&mut self) -> io::Result<()> {
        let mut scratch = [0; 1024];
        while self.stream.read(&mut scratch).await? > 0 {}
        Ok(())
    }

    /// Whether the connection must be reset instead of closed.
    pub(super) fn must_reset(&self) -> bool {
        self.connection.close_reason() == Some(CloseReason::StalledReader)
            || self.connection.http1().is_close_delimited()
    }

    /// Makes the connection end in a reset.
    pub(super) fn reset_on_drop(&mut self) {
        self.is_reset_on_drop = true;
    }

    /// Whether the client is gone, as far as is known without a read.
    pub(super) fn check(&self) -> io::Result<()> {
        self.stream.check()
    }

    fn read_peeked(&mut self, buf: &mut ReadBuf<'_>) {
        let taken = self.peeked.len().min(buf.remaining());
        buf.put_slice(self.peeked.get(..taken).unwrap_or_default());
        self.peeked.drain(..taken);
        if self.peeked.is_empty() {
            self.peeked = Vec::new();
        }
    }

    /// Whether these records wait for the next one. If so, the task is woken, and with it the guard, which sends what
    /// still waits.
    fn corks(&mut self, records: &[IoSlice<'_>]) -> bool {
        let bytes = records.iter().map(|record| record.len()).sum();
        self.cork.as_mut().is_some_and(|cork| cork.holds(bytes))
    }

    fn note_written(&self, written: &Poll<io::Result<usize>>) {
        match written {
            Poll::Ready(Ok(bytes)) => self.connection.note_write(*bytes),
            Poll::Pending => self.connection.activity().note_write_blocked(),
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
        if !self.peeked.is_empty() {
            self.read_peeked(buf);
            return Poll::Ready(Ok(()));
        }
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
        if let (Some(cork), Poll::Ready(_)) = (&mut self.cork, &written) {
            cork.moved();
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
        if self.is_reset_on_drop || self.must_reset() {
            // An HTTP/1.0 client would take the close for the end of the response, and the kernel would keep what a
            // stalled one does not read.
            if let Err(error) = self.stream.reset_on_drop() {
                tracing::debug!(peer = %self.connection.peer, %error, "can't reset a connection");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        connection::{Peer, Purpose},
        shutdown::Handle,
        tcp::cork::FULL_RECORD,
    };
    use std::task::Waker;
    use tokio::net::{TcpListener, TcpStream};

    #[tokio::test]
    async fn full_record_waits_for_the_next_one_once_corking_has_started() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (_client, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
        let (stream, peer) = accepted.expect("a connection");
        stream.writable().await.expect("room");
        let shutdown = Handle::new().shutdown();
        let connection = Connection::new(Peer::from(peer), Purpose::Https, Arc::default(), shutdown, None);
        let mut socket = Socket::new(Stream::Tcp(stream), connection);
        let record = vec![0; FULL_RECORD];
        let write = |socket: &mut Socket| {
            let mut nobody = Context::from_waker(Waker::noop());
            let written = Pin::new(&mut *socket).poll_write_vectored(&mut nobody, &[IoSlice::new(&record)]);
            (written.is_ready(), socket.is_corked())
        };
        assert_eq!(write(&mut socket), (true, false));
        socket.start_corking();
        assert_eq!(write(&mut socket), (false, true));
        assert_eq!(write(&mut socket), (true, false), "nothing has followed");
    }
}

use pin_project_lite::pin_project;
use std::{
    io::{self, ErrorKind, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

pin_project! {
    /// A stream that can be read to its end when the peer does not accept more writes.
    ///
    /// A server may respond before it has read the whole request, and then close the connection. hyper ends the connection
    /// when a write fails, and would lose the response. So writes wait for ever here, and the reads report the end.
    #[derive(Debug)]
    pub(super) struct HeldWriteErrors<S> {
        #[pin]
        inner: S,
        is_closed: bool,
    }
}

impl<S> HeldWriteErrors<S> {
    pub(super) fn new(inner: S) -> Self {
        Self { inner, is_closed: false }
    }
}

impl<S: AsyncWrite> HeldWriteErrors<S> {
    fn poll<T>(
        self: Pin<&mut Self>,
        write: impl FnOnce(Pin<&mut S>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        let this = self.project();
        if *this.is_closed {
            return Poll::Pending;
        }
        match ready!(write(this.inner)) {
            Err(error) if is_close(&error) => {
                *this.is_closed = true;
                Poll::Pending
            }
            result => Poll::Ready(result),
        }
    }
}

fn is_close(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::BrokenPipe
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::NotConnected
            | ErrorKind::WriteZero
    )
}

impl<S: AsyncRead> AsyncRead for HeldWriteErrors<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.project().inner.poll_read(cx, buf)
    }
}

impl<S: AsyncWrite> AsyncWrite for HeldWriteErrors<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.poll(|inner| inner.poll_write(cx, buf))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll(|inner| inner.poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll(|inner| inner.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_closed { Poll::Ready(Ok(())) } else { self.project().inner.poll_shutdown(cx) }
    }
}

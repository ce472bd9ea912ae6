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

    #[cfg(test)]
    pub(super) fn get_ref(&self) -> &S {
        &self.inner
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::Waker;
    use tokio::io::AsyncReadExt;

    /// Has content, and refuses writes with this error.
    struct Refusing(&'static [u8], ErrorKind);

    impl AsyncRead for Refusing {
        fn poll_read(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            buf: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            Pin::new(&mut self.0).poll_read(cx, buf)
        }
    }

    impl AsyncWrite for Refusing {
        fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
            Poll::Ready(Err(self.1.into()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Err(self.1.into()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Err(self.1.into()))
        }
    }

    #[tokio::test]
    async fn stream_that_refuses_writes_is_read_to_its_end() {
        let cx = &mut Context::from_waker(Waker::noop());
        for kind in [ErrorKind::BrokenPipe, ErrorKind::ConnectionReset, ErrorKind::ConnectionAborted] {
            let mut stream = HeldWriteErrors::new(Refusing(b"response", kind));
            assert!(Pin::new(&mut stream).poll_write(cx, b"a").is_pending(), "{kind}");
            assert!(Pin::new(&mut stream).poll_flush(cx).is_pending(), "{kind}");
            let mut content = String::new();
            stream.read_to_string(&mut content).await.expect("it can be read");
            assert_eq!(content, "response");
            assert!(matches!(Pin::new(&mut stream).poll_shutdown(cx), Poll::Ready(Ok(()))), "{kind}");
        }
    }

    #[test]
    fn other_write_errors_pass() {
        let cx = &mut Context::from_waker(Waker::noop());
        let mut stream = HeldWriteErrors::new(Refusing(b"", ErrorKind::PermissionDenied));
        assert!(matches!(Pin::new(&mut stream).poll_write(cx, b"a"), Poll::Ready(Err(_))));
    }
}

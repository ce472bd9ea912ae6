use pin_project_lite::pin_project;
use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

pin_project! {
    /// A stream whose reads return all that is there, as far as it fits.
    ///
    /// TLS returns one record of 16 KiB at a time. Then each is a chunk of its own, which passes from task to task.
    #[derive(Debug)]
    pub(super) struct FullReads<S> {
        #[pin]
        inner: S,
        // Followed the bytes of the last read.
        error: Option<io::Error>,
    }
}

impl<S> FullReads<S> {
    pub(super) fn new(inner: S) -> Self {
        Self { inner, error: None }
    }

    #[cfg(test)]
    pub(super) fn get_ref(&self) -> &S {
        &self.inner
    }
}

impl<S: AsyncRead> AsyncRead for FullReads<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut this = self.project();
        if let Some(error) = this.error.take() {
            return Poll::Ready(Err(error));
        }
        let begin = buf.filled().len();
        loop {
            let before = buf.filled().len();
            let read = this.inner.as_mut().poll_read(cx, buf);
            let has_read = buf.filled().len() > begin;
            match read {
                Poll::Ready(Ok(())) if buf.filled().len() > before && buf.remaining() > 0 => {}
                Poll::Pending if has_read => return Poll::Ready(Ok(())),
                Poll::Ready(Err(error)) if has_read => {
                    *this.error = Some(error);
                    return Poll::Ready(Ok(()));
                }
                read => return read,
            }
        }
    }
}

impl<S: AsyncWrite> AsyncWrite for FullReads<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.project().inner.poll_write(cx, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.project().inner.poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().inner.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().inner.poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{collections::VecDeque, task::Waker};

    struct Records(VecDeque<Poll<io::Result<&'static str>>>);

    impl AsyncRead for Records {
        fn poll_read(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            buf: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            let next = self.0.pop_front().unwrap_or(Poll::Ready(Ok("")));
            next.map_ok(|record| buf.put_slice(record.as_bytes()))
        }
    }

    fn record(text: &'static str) -> Poll<io::Result<&'static str>> {
        Poll::Ready(Ok(text))
    }

    fn failure() -> Poll<io::Result<&'static str>> {
        Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()))
    }

    /// What each of these reads returns: bytes, or no bytes at the end, or an error, or nothing yet.
    fn reads<const N: usize>(
        records: impl IntoIterator<Item = Poll<io::Result<&'static str>>>,
    ) -> [String; N] {
        let cx = &mut Context::from_waker(Waker::noop());
        let mut stream = FullReads::new(Records(records.into_iter().collect()));
        [(); N].map(|()| {
            let mut bytes = [0; 4];
            let mut buf = ReadBuf::new(&mut bytes);
            match Pin::new(&mut stream).poll_read(cx, &mut buf) {
                Poll::Ready(Ok(())) => String::from_utf8_lossy(buf.filled()).into_owned(),
                Poll::Ready(Err(_)) => "error".to_owned(),
                Poll::Pending => "pending".to_owned(),
            }
        })
    }

    #[test]
    fn read_returns_all_that_is_there() {
        assert_eq!(reads([record("a"), record("b"), Poll::Pending, record("c")]), ["ab", "c"]);
        assert_eq!(reads([record("ab"), record("cd"), record("e")]), ["abcd", "e"]);
        assert_eq!(reads([Poll::Pending, record("a")]), ["pending", "a"]);
    }

    #[test]
    fn end_and_error_follow_the_bytes() {
        assert_eq!(reads([record("a")]), ["a", ""]);
        assert_eq!(reads([record("a"), record("b"), failure()]), ["ab", "error", ""]);
        assert_eq!(reads([failure(), record("a")]), ["error", "a"]);
    }
}

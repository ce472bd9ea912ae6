use super::{
    Faults, Owner, Written, full_reads::FullReads, held_write_errors::HeldWriteErrors,
    http2_frames::Http2Frames, owner::Owned, sent_content::SentContent,
};
use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// An HTTP/2 connection for hyper. Ends it if the server's frames are over a bound.
#[derive(Debug)]
pub(crate) struct Http2Stream<S> {
    inner: Owned<HeldWriteErrors<FullReads<S>>>,
    faults: Faults,
    frames: Http2Frames,
    sent: SentContent,
    written: Written,
}

impl<S> Http2Stream<S> {
    pub(crate) fn new(inner: S, owner: &Owner, faults: Faults, written: Written) -> Self {
        let inner = Owned::new(HeldWriteErrors::new(FullReads::new(inner)), owner);
        Self { inner, faults, frames: Http2Frames::new(), sent: SentContent::new(), written }
    }

    /// Follows the first `accepted` bytes of these slices.
    fn follow_written(&mut self, slices: &[IoSlice<'_>], accepted: usize) {
        let (mut rest, mut content) = (accepted, 0);
        for slice in slices {
            let part = &slice[..slice.len().min(rest)];
            content += self.sent.count(part);
            rest -= part.len();
        }
        if content > 0 {
            self.written.add_content(content);
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Http2Stream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let before = buf.filled().len();
        ready!(Pin::new(&mut this.inner).poll_read(cx, buf))
            .inspect_err(|error| this.faults.find_alert(error))?;
        if this.faults.first().is_none()
            && let Err(cut) = this.frames.check(&buf.filled()[before..])
        {
            this.faults.report(cut);
        }
        match this.faults.first() {
            Some(cut) => {
                buf.set_filled(before);
                Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, cut.clone())))
            }
            None => Poll::Ready(Ok(())),
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Http2Stream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let accepted = ready!(Pin::new(&mut self.inner).poll_write(cx, buf))?;
        self.follow_written(&[IoSlice::new(buf)], accepted);
        Poll::Ready(Ok(accepted))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let accepted = ready!(Pin::new(&mut self.inner).poll_write_vectored(cx, bufs))?;
        self.follow_written(bufs, accepted);
        Poll::Ready(Ok(accepted))
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

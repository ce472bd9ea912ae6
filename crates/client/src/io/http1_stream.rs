use super::{Faults, TrailerLines, held_write_errors::HeldWriteErrors, request_framing::RequestFraming};
use bytes::{Buf, Bytes};
use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// An HTTP/1.1 connection for hyper. Writes the trailer sections that hyper does not write, and ends when a fault was
/// reported.
#[derive(Debug)]
pub(crate) struct Http1Stream<S> {
    inner: HeldWriteErrors<S>,
    faults: Faults,
    framing: RequestFraming,
    trailers: TrailerLines,
    /// The rest of the trailer section that is being written.
    lines: Bytes,
    /// The lines of this request are written, so that its end may pass.
    has_lines_written: bool,
}

impl<S> Http1Stream<S> {
    pub(crate) fn new(inner: S, faults: Faults, trailers: TrailerLines) -> Self {
        Self {
            inner: HeldWriteErrors::new(inner),
            faults,
            framing: RequestFraming::new(),
            trailers,
            lines: Bytes::new(),
            has_lines_written: false,
        }
    }
}

impl<S: AsyncWrite + Unpin> Http1Stream<S> {
    fn poll_write_lines(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.lines.is_empty() {
            match ready!(Pin::new(&mut self.inner).poll_write(cx, &self.lines))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => self.lines.advance(written),
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Writes these bytes of hyper until the place of a trailer section, and the section there.
    fn poll_write_slices(&mut self, cx: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.poll_write_lines(cx))?;
            // The next end may pass if nothing has to be written in front of it.
            let most = usize::from(self.has_lines_written || !self.trailers.has_next());
            let mut framing = self.framing.clone();
            let (length, passed) = follow(&mut framing, slices, most);
            let is_place = length == 0 && slices.iter().any(|slice| !slice.is_empty());
            if is_place {
                self.lines = self.trailers.take_next();
                self.has_lines_written = true;
                continue;
            }
            let written = ready!(write_until(Pin::new(&mut self.inner), cx, slices, length))?;
            let passed = if written == length {
                self.framing = framing;
                passed
            } else {
                follow_written(&mut self.framing, slices, written)
            };
            if passed > 0 && !std::mem::take(&mut self.has_lines_written) {
                self.trailers.take_next();
            }
            return Poll::Ready(Ok(written));
        }
    }
}

/// Follows these slices until the end that must not pass. Returns the number of bytes and of the ends that passed.
fn follow(framing: &mut RequestFraming, slices: &[IoSlice<'_>], most: usize) -> (usize, usize) {
    let (mut length, mut passed) = (0, 0);
    for slice in slices {
        let found = framing.follow(slice, most - passed);
        length += found.length;
        passed += found.passed;
        if found.length < slice.len() {
            break;
        }
    }
    (length, passed)
}

/// Follows the first `written` bytes. Returns the number of ends that passed.
fn follow_written(framing: &mut RequestFraming, slices: &[IoSlice<'_>], written: usize) -> usize {
    let mut rest = written;
    let mut passed = 0;
    for slice in slices {
        let part = &slice[..slice.len().min(rest)];
        passed += framing.follow(part, usize::MAX).passed;
        rest -= part.len();
    }
    passed
}

/// Writes at most the first `length` bytes.
fn write_until<W: AsyncWrite>(
    inner: Pin<&mut W>,
    cx: &mut Context<'_>,
    slices: &[IoSlice<'_>],
    length: usize,
) -> Poll<io::Result<usize>> {
    let mut whole = 0;
    let mut end = 0;
    for slice in slices {
        if end + slice.len() > length {
            break;
        }
        end += slice.len();
        whole += 1;
    }
    match slices.get(whole) {
        Some(slice) if end == 0 => inner.poll_write(cx, &slice[..length]),
        _ => inner.poll_write_vectored(cx, &slices[..whole]),
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Http1Stream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(fault) = self.faults.first() {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, fault.clone())));
        }
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Http1Stream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_slices(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_slices(cx, bufs)
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

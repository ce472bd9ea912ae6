use super::{
    Faults, Owner, TrailerLines, Written, full_reads::FullReads, held_write_errors::HeldWriteErrors,
    owner::Owned, request_framing::RequestFraming,
};
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
    inner: Owned<HeldWriteErrors<FullReads<S>>>,
    faults: Faults,
    framing: RequestFraming,
    trailers: TrailerLines,
    written: Written,
    /// The rest of the trailer section that is being written.
    lines: Bytes,
    /// The lines of this request are written, so that its end may pass.
    has_lines_written: bool,
}

impl<S> Http1Stream<S> {
    pub(crate) fn new(
        inner: S,
        owner: &Owner,
        faults: Faults,
        trailers: TrailerLines,
        written: Written,
    ) -> Self {
        Self {
            inner: Owned::new(HeldWriteErrors::new(FullReads::new(inner)), owner),
            faults,
            framing: RequestFraming::new(),
            trailers,
            written,
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
            self.written.add(self.framing.is_between_requests());
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
        let read = ready!(Pin::new(&mut self.inner).poll_read(cx, buf));
        Poll::Ready(read.inspect_err(|error| self.faults.find_alert(error)))
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

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderMap, HeaderName, HeaderValue};
    use proptest::prelude::*;
    use std::task::Waker;

    /// Accepts this many bytes with each write, and is not ready at 0.
    struct Sink {
        accepts: Vec<usize>,
        next: usize,
        written: Vec<u8>,
    }

    impl Sink {
        fn poll_accept(&mut self, bufs: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
            let mut room = self.accepts[self.next % self.accepts.len()];
            self.next += 1;
            if room == 0 {
                return Poll::Pending;
            }
            let before = self.written.len();
            for buf in bufs {
                let part = buf.len().min(room);
                self.written.extend_from_slice(&buf[..part]);
                room -= part;
            }
            Poll::Ready(Ok(self.written.len() - before))
        }
    }

    impl AsyncWrite for Sink {
        fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
            self.poll_accept(&[IoSlice::new(buf)])
        }

        fn poll_write_vectored(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bufs: &[IoSlice<'_>],
        ) -> Poll<io::Result<usize>> {
            self.poll_accept(bufs)
        }

        fn is_write_vectored(&self) -> bool {
            true
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[derive(Clone, Debug)]
    enum Message {
        WithoutContent,
        Length(Vec<u8>),
        Chunked { chunks: Vec<Vec<u8>>, by_hyper: bool, trailers: usize },
    }

    impl Message {
        /// What hyper writes, and what goes out.
        fn bytes(&self) -> (Vec<u8>, Vec<u8>) {
            match self {
                Self::WithoutContent => {
                    let head = b"GET / HTTP/1.1\r\nx-transfer-encoding: chunked\r\n\r\n".to_vec();
                    (head.clone(), head)
                }
                Self::Length(content) => {
                    let head =
                        format!("PUT / HTTP/1.1\r\nCONTENT-length: {}\r\nhost: a\r\n\r\n", content.len());
                    let bytes = [head.as_bytes(), content].concat();
                    (bytes.clone(), bytes)
                }
                Self::Chunked { chunks, by_hyper, trailers } => {
                    let long = "x".repeat(100);
                    let mut begin =
                        format!("PUT / HTTP/1.1\r\nlong: {long}\r\ntransfer-encoding: chunked\r\n\r\n")
                            .into_bytes();
                    for chunk in chunks {
                        begin.extend_from_slice(format!("{:X}\r\n", chunk.len()).as_bytes());
                        begin.extend_from_slice(chunk);
                        begin.extend_from_slice(b"\r\n");
                    }
                    begin.extend_from_slice(b"0\r\n");
                    if *by_hyper {
                        begin.extend_from_slice(format!("{long}: 1\r\na: b\r\n").as_bytes());
                    }
                    let lines: String = (0..*trailers).map(line).collect();
                    let sent = [&begin, lines.as_bytes(), b"\r\n"].concat();
                    begin.extend_from_slice(b"\r\n");
                    (begin, sent)
                }
            }
        }

        fn trailers(&self) -> Option<HeaderMap> {
            let Self::Chunked { trailers, .. } = self else { return None };
            let field = |number: usize| {
                let name = HeaderName::try_from(format!("x-{number}")).expect("a name");
                (name, HeaderValue::from(number))
            };
            Some((0..*trailers).map(field).collect())
        }
    }

    fn line(number: usize) -> String {
        format!("x-{number}: {number}\r\n")
    }

    fn message() -> impl Strategy<Value = Message> {
        // Bytes that look like framing.
        let content = || prop::collection::vec(prop::sample::select(b"\r\n0a:".to_vec()), 1..40);
        prop_oneof![
            Just(Message::WithoutContent),
            content().prop_map(Message::Length),
            (prop::collection::vec(content(), 0..4), any::<bool>(), 0..3_usize)
                .prop_map(|(chunks, by_hyper, trailers)| Message::Chunked { chunks, by_hyper, trailers }),
        ]
    }

    /// Writes these bytes as hyper does: in slices, as often as it must.
    fn write(stream: &mut Http1Stream<Sink>, mut bytes: &[u8], sizes: &[usize], is_vectored: bool) {
        let cx = &mut Context::from_waker(Waker::noop());
        while !bytes.is_empty() {
            let mut slices = Vec::new();
            let mut rest = bytes;
            for size in sizes {
                let (slice, after) = rest.split_at((*size).min(rest.len()));
                slices.push(IoSlice::new(slice));
                rest = after;
            }
            let written = if is_vectored {
                Pin::new(&mut *stream).poll_write_vectored(cx, &slices)
            } else {
                Pin::new(&mut *stream).poll_write(cx, &slices[0])
            };
            if let Poll::Ready(written) = written {
                bytes = &bytes[written.expect("the sink accepts all")..];
            }
        }
    }

    proptest! {
        #[test]
        fn trailer_sections_go_where_they_belong(
            messages in prop::collection::vec(message(), 1..5),
            mut accepts in prop::collection::vec(0..50_usize, 1..8),
            sizes in prop::collection::vec(1..60_usize, 1..5),
            is_vectored in any::<bool>(),
        ) {
            accepts.push(1);
            let sink = Sink { accepts, next: 0, written: Vec::new() };
            let (owner, trailers, written) = (Owner::default(), TrailerLines::default(), Written::new(http::Version::HTTP_11));
            let mut stream = Http1Stream::new(sink, &owner, Faults::default(), trailers.clone(), written.clone());
            let mut expected = Vec::new();
            for message in messages {
                let (bytes, sent) = message.bytes();
                if let Some(section) = message.trailers() {
                    trailers.push(&section);
                }
                let (last, begin) = bytes.split_last().expect("a header section");
                write(&mut stream, begin, &sizes, is_vectored);
                prop_assert!(!written.is_all());
                write(&mut stream, &[*last], &sizes, is_vectored);
                prop_assert!(written.is_all());
                expected.extend(sent);
            }
            prop_assert_eq!(
                String::from_utf8_lossy(&stream.inner.get_ref().get_ref().get_ref().written),
                String::from_utf8_lossy(&expected)
            );
        }
    }
}

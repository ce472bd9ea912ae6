use super::{
    protocol::{FirstBytes, Protocol, Verdict},
    state::{Connection, Cut},
    trailer_blocks::TrailerBlocks,
};
use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep_until},
};

/// Stands between a connection and hyper, and ends it where it speaks another protocol than was chosen or runs
/// into one of the [`Limits`](crate::server::Limits) that hyper does not know.
pub(in crate::server) struct Guard<S> {
    stream: S,
    connection: Arc<Connection>,
    /// `None` once the connection has said what it speaks.
    first: Option<(FirstBytes, Instant)>,
    /// `None` over HTTP/1.1, where hyper says itself that a trailer section is too large.
    trailers: Option<TrailerBlocks>,
    timer: Pin<Box<Sleep>>,
    /// `None` while the connection is open.
    closing: Option<Closing>,
}

/// When a connection that is closed for writing is closed for good.
struct Closing {
    after_silence: Instant,
    at_the_latest: Instant,
    server_ends: bool,
}

/// How long a closed connection waits for its client to close too, since it last said something, and in all. Closed
/// at once, it would be reset by whatever the client still says, a `WINDOW_UPDATE` for one, and a slow reader would
/// lose the end of its response. An HTTP/2 stream has as long for the rest of a request. Where the server ends, the first
/// of the two is all the time there is.
pub(in crate::server) const LINGER: Duration = Duration::from_secs(2);
pub(in crate::server) const LINGER_AT_MOST: Duration = Duration::from_secs(30);

impl<S> Guard<S> {
    pub(in crate::server) fn new(stream: S, connection: Arc<Connection>, protocol: Protocol) -> Self {
        connection.speaks(protocol);
        let trailers =
            (protocol == Protocol::Http2).then(|| TrailerBlocks::new(connection.limits.trailer_section));
        let deadline = Instant::now() + connection.limits.first_byte;
        Self {
            stream,
            connection,
            first: Some((FirstBytes::of(protocol), deadline)),
            trailers,
            timer: Box::pin(sleep_until(deadline)),
            closing: None,
        }
    }

    fn came(&mut self, bytes: &[u8]) -> Result<(), Cut> {
        self.check_protocol(bytes)?;
        if self.trailers.as_mut().is_some_and(|trailers| trailers.next(bytes)) {
            self.connection.note_large_trailers();
        }
        Ok(())
    }

    fn check_protocol(&mut self, bytes: &[u8]) -> Result<(), Cut> {
        let Some((first, _)) = &mut self.first else {
            return Ok(());
        };
        match first.next(bytes) {
            Verdict::TooEarly => Ok(()),
            Verdict::AsChosen => {
                self.first = None;
                Ok(())
            }
            Verdict::Other => Err(Cut::WrongProtocol),
        }
    }

    /// Registers the task for the next deadline. Called wherever the connection is about to sleep.
    fn check_time(&mut self, cx: &mut Context<'_>) -> Result<(), Cut> {
        loop {
            let deadline = self.next_deadline()?;
            if deadline < self.timer.deadline() || self.timer.is_elapsed() {
                self.timer.as_mut().reset(deadline);
            }
            if self.timer.as_mut().poll(cx).is_pending() {
                return Ok(());
            }
        }
    }

    fn next_deadline(&self) -> Result<Instant, Cut> {
        let now = Instant::now();
        match &self.first {
            Some((_, deadline)) if now < *deadline => Ok(*deadline),
            Some(_) => Err(Cut::NoFirstByte),
            None => self.connection.check(now),
        }
    }

    fn cut(&self, cut: Cut) -> io::Error {
        self.connection.mark_cut(cut);
        tracing::debug!(peer = %self.connection.peer, reason = %cut, "connection cut");
        let kind = match cut {
            Cut::WrongProtocol => io::ErrorKind::InvalidData,
            _ => io::ErrorKind::TimedOut,
        };
        io::Error::new(kind, cut)
    }

    fn or_check_time<T>(&mut self, cx: &mut Context<'_>, polled: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if polled.is_pending()
            && let Err(cut) = self.check_time(cx)
        {
            return Poll::Ready(Err(self.cut(cut)));
        }
        polled
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Guard<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.connection.is_corked()
            && let Poll::Ready(Err(error)) = Pin::new(&mut self.stream).poll_flush(cx)
        {
            return Poll::Ready(Err(error));
        }
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buf);
        if let Poll::Ready(Ok(())) = polled
            && let Err(cut) = self.came(buf.filled().get(before..).unwrap_or_default())
        {
            return Poll::Ready(Err(self.cut(cut)));
        }
        self.or_check_time(cx, polled)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Guard<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.or_check_time(cx, polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.or_check_time(cx, polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.connection.is_corked() {
            // The record that waits for the next frame must not hold it up.
            return Poll::Ready(Ok(()));
        }
        let polled = Pin::new(&mut self.stream).poll_flush(cx);
        self.or_check_time(cx, polled)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.closing.is_none() {
            let polled = Pin::new(&mut self.stream).poll_shutdown(cx);
            ready!(self.or_check_time(cx, polled))?;
            if !self.connection.wrote_within(LINGER) {
                return Poll::Ready(Ok(()));
            }
        }
        self.poll_linger(cx)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Guard<S> {
    /// Reads what the client still says, until it closes or is silent.
    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let now = Instant::now();
        let closing = self.closing.get_or_insert_with(|| Closing {
            after_silence: now + LINGER,
            at_the_latest: now + LINGER_AT_MOST,
            server_ends: false,
        });
        if !closing.server_ends && self.connection.shutdown().has_begun() {
            closing.server_ends = true;
            closing.at_the_latest = closing.at_the_latest.min(now + LINGER);
        }
        let mut scratch = [0; 1024];
        loop {
            let mut said = ReadBuf::new(&mut scratch);
            match Pin::new(&mut self.stream).poll_read(cx, &mut said) {
                Poll::Ready(Ok(())) if !said.filled().is_empty() => closing.after_silence = now + LINGER,
                Poll::Ready(_closed) => return Poll::Ready(Ok(())),
                Poll::Pending => break,
            }
        }
        self.timer.as_mut().reset(closing.after_silence.min(closing.at_the_latest));
        self.timer.as_mut().poll(cx).map(Ok)
    }
}

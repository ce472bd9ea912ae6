use super::{
    closing::Closing,
    first_bytes::{FirstBytes, Verdict},
    http1_framing::Http1Framing,
    http2_frames::Http2Frames,
    intervening::Intervening,
    read_ahead::{ReadAhead, Taken},
    transport::Transport,
};
use crate::connection::{CloseReason, Connection, FramingError, LINGER, Protocol};
use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker, ready},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::Sleep,
};

/// Stands between a connection and hyper: ends it if the client does not use the chosen protocol, records what passes
/// for the [`Connection`], and closes it so that the client can tell how it ended.
pub(crate) struct Guard<S: Transport> {
    pub(super) stream: S,
    pub(super) connection: Arc<Connection>,
    protocol: Protocol,
    /// `None` once the protocol is confirmed.
    first: Option<FirstBytes>,
    /// `None` over HTTP/1.1.
    pub(super) http2: Option<Http2Frames>,
    /// Used only over HTTP/1.1.
    framing: Http1Framing,
    /// Set once the framing is malformed.
    fault: Option<FramingError>,
    /// Used only over HTTP/1.1: h2 always reads.
    ahead: ReadAhead,
    is_half_closed: bool,
    /// `None` while the connection is open for writing.
    pub(super) closing: Option<Closing>,
    /// What a handler has asked for.
    pub(super) intervening: Intervening,
    /// `None` before it is needed.
    pub(super) pause: Option<Pin<Box<Sleep>>>,
}

impl<S: Transport> Guard<S> {
    /// Boxed, because the task that serves it would contain it several times.
    pub(crate) fn new(stream: S, connection: Arc<Connection>, protocol: Protocol) -> Box<Self> {
        connection.activity().awaits_first_bytes();
        let http2 = (protocol == Protocol::Http2).then(|| Http2Frames::new(connection.inbound()));
        let first = Some(FirstBytes::of(protocol));
        Box::new(Self {
            stream,
            connection,
            protocol,
            first,
            http2,
            framing: Http1Framing::default(),
            fault: None,
            ahead: ReadAhead::default(),
            is_half_closed: false,
            closing: None,
            intervening: Intervening::default(),
            pause: None,
        })
    }

    pub(super) fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// The fault in a request's framing, if any.
    pub(super) fn framing_fault(&self) -> Option<FramingError> {
        self.fault
    }

    /// Whether the connection must be reset instead of closed.
    pub(super) fn must_reset(&self) -> bool {
        self.stream.socket().must_reset()
    }

    /// Closes the connection, unless that has been done, and waits for the client to close it as well.
    pub(crate) async fn close(&mut self) {
        if !self.breaks_off() {
            // The connection ends whether or not this succeeds.
            let _closed = std::future::poll_fn(|cx| Pin::new(&mut *self).poll_shutdown(cx)).await;
        }
    }

    /// Whether the end of the connection aborts a response, so that the client must not see a clean close.
    fn breaks_off(&self) -> bool {
        let Self { connection, protocol, .. } = self;
        !protocol.has_streams()
            && (connection.http1().breaks_off() || connection.responses().open_requests() > 0)
    }

    /// Returns how many of the bytes hyper may read.
    fn came(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(first) = &mut self.first {
            match first.next(bytes) {
                Verdict::TooEarly => {}
                Verdict::AsChosen => {
                    self.first = None;
                    self.connection.activity().has_spoken();
                }
                Verdict::Other => return Err(self.closed(CloseReason::WrongProtocol)),
            }
        }
        if let Some(http2) = &mut self.http2 {
            let came = http2.came(bytes, self.connection.inbound());
            self.connection.responses().note_unanswered(http2.unanswered());
            if let Some(limit) = http2.new_section_limit() {
                self.connection.note_section_limit(limit);
            }
            return came.map(|()| bytes.len()).map_err(|reason| self.closed(reason));
        }
        let checked = self.framing.next(bytes);
        if let Some(refused) = self.framing.refused() {
            self.connection.http1().note_head_fault(refused);
        }
        let Err((well_formed, error)) = checked else {
            return Ok(bytes.len());
        };
        self.fault = Some(error);
        if well_formed == 0 { Err(malformed(error)) } else { Ok(well_formed) }
    }

    /// Sends a `GOAWAY` to an HTTP/2 client that has sent what h2 does not handle. h2 itself only gets an error of the
    /// connection.
    fn go_away(&mut self, cx: &mut Context<'_>) {
        let reason = self.connection.close_reason();
        if let Some(CloseReason::PseudoHeader | CloseReason::SelfDependency) = reason {
            self.send_go_away(PROTOCOL_ERROR, cx);
        }
    }

    /// Sends a `GOAWAY` if h2 is between frames and the socket accepts it at once.
    pub(super) fn send_go_away(&mut self, error: u8, cx: &mut Context<'_>) {
        if let Some(frame) = self.http2.as_ref().and_then(|http2| http2.go_away(error)) {
            let _at_once = Pin::new(&mut self.stream).poll_write(cx, &frame);
            let _at_once = Pin::new(&mut self.stream).poll_flush(cx);
        }
    }

    fn closed(&self, reason: CloseReason) -> io::Error {
        self.connection.set_close_reason(reason);
        io::Error::new(io::ErrorKind::InvalidData, reason)
    }

    pub(super) fn poll_write_through(&mut self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, buf))?;
        self.went(buf.get(..written).unwrap_or_default());
        Poll::Ready(Ok(written))
    }

    fn went(&mut self, bytes: &[u8]) {
        let has_responses = match &mut self.http2 {
            None => true,
            Some(http2) => {
                let has_responses = http2.went(bytes, self.connection.inbound());
                self.connection.responses().note_unanswered(http2.unanswered());
                has_responses
            }
        };
        if has_responses {
            self.connection.shutdown().in_flight().responses_go();
        }
    }

    /// The client has stopped sending: over TLS it has sent `close_notify`. That closes one direction
    /// ([RFC 8446 §6.1](https://www.rfc-editor.org/rfc/rfc8446#section-6.1)): the client still gets its responses.
    ///
    /// hyper would take it for the end of both directions, or stop checking whether the client is there. So hyper must
    /// not see it before the responses are written.
    fn half_closed(&mut self) -> Poll<io::Result<()>> {
        self.is_half_closed = true;
        if !self.connection.has_answered() {
            self.connection.ends_after_responses();
        }
        self.poll_half_closed()
    }

    /// Pending until the responses are written. The watchdog polls hyper again, which polls this.
    fn poll_half_closed(&self) -> Poll<io::Result<()>> {
        if self.connection.has_answered() { Poll::Ready(Ok(())) } else { Poll::Pending }
    }

    /// If hyper does not read, checks whether the client is there.
    fn read_ahead(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        if self.http2.is_some() || self.is_half_closed {
            return Ok(());
        }
        if self.connection.http1().takes_look() {
            self.ahead.start();
        }
        self.ahead.poll(&mut self.stream, cx)?;
        // The client wants nothing more, and nobody reads the rest of its request.
        if self.ahead.has_ended() && self.connection.has_answered() {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        Ok(())
    }

    /// A client that has closed one direction may also have closed the other, and no read would notice it any more.
    fn check_half_closed(&self) -> io::Result<()> {
        if self.is_half_closed { self.stream.socket().check() } else { Ok(()) }
    }
}

const PROTOCOL_ERROR: u8 = 1;

/// hyper passes this to the reader of the content.
fn malformed(error: FramingError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

impl<S: Transport> AsyncRead for Guard<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.is_broken_by_handler() {
            return self.poll_broken(cx).map(Err);
        }
        if self.stream.socket().is_corked()
            && let Poll::Ready(Err(error)) = Pin::new(&mut self.stream).poll_flush(cx)
        {
            return Poll::Ready(Err(error));
        }
        if self.is_half_closed {
            return self.poll_half_closed();
        }
        if let Some(error) = self.fault {
            return Poll::Ready(Err(malformed(error)));
        }
        let before = buf.filled().len();
        match self.ahead.take(buf) {
            Some(Taken::End) => return self.half_closed(),
            Some(Taken::Bytes) => {}
            None => ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?,
        }
        match buf.filled().get(before..).unwrap_or_default() {
            [] if buf.remaining() > 0 => self.half_closed(),
            bytes => {
                let well_formed = self.came(bytes).inspect_err(|_| self.go_away(cx))?;
                buf.set_filled(before + well_formed);
                Poll::Ready(Ok(()))
            }
        }
    }
}

impl<S: Transport> AsyncWrite for Guard<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if self.intervenes() { self.poll_write_intervened(cx, buf) } else { self.poll_write_through(cx, buf) }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.intervenes() {
            let first = bufs.iter().find(|buf| !buf.is_empty());
            return self.poll_write_intervened(cx, first.map_or(&[], |buf| &**buf));
        }
        let written = ready!(Pin::new(&mut self.stream).poll_write_vectored(cx, bufs))?;
        let mut left = written;
        for buf in bufs {
            let of_it = buf.get(..left.min(buf.len())).unwrap_or_default();
            self.went(of_it);
            left -= of_it.len();
        }
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.connection.interventions().note_written();
        if self.is_broken_by_handler() {
            return self.poll_broken(cx).map(Err);
        }
        self.check_half_closed()?;
        self.read_ahead(cx)?;
        if self.stream.socket().is_corked() {
            // The record waits for the next frame, which this must not delay.
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.closing.is_none() {
            // Read before the shutdown, which also writes.
            let wrote = self.connection.activity().wrote_within(LINGER);
            ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
            // Everything before it is written by now.
            self.connection.http1().set_close_delimited(false);
            self.closing = Some(Closing::begin());
            self.connection.activity().lingers();
            if !wrote {
                return Poll::Ready(Ok(()));
            }
        }
        let Self { stream, connection, closing, .. } = &mut *self;
        match closing {
            Some(closing) => closing.poll(stream, connection, cx).map(Ok),
            None => Poll::Ready(Ok(())),
        }
    }
}

impl<S: Transport> Drop for Guard<S> {
    /// However the connection ends, a cut response must not look complete, and a complete one must not look cut. What
    /// the socket does not accept at once is not sent.
    fn drop(&mut self) {
        if self.is_broken_by_handler() {
            return;
        }
        if self.must_reset() {
            self.stream.alert();
        } else if self.closing.is_none() && !self.breaks_off() {
            let mut nobody = Context::from_waker(Waker::noop());
            let _at_once = Pin::new(&mut self.stream).poll_shutdown(&mut nobody);
        }
    }
}

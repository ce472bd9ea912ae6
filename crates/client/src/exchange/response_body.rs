use super::{exchange::Exchange, stall::Stall};
use crate::{bounds::MOST_SECTION, client::Lease, verdict::Cut};
use axum_trailers::trailers::server::section_size;
use bytes::Bytes;
use http::Version;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

/// The body of a response, as it arrives. Each way to end early is an error: [`Cut`].
///
/// At its end, the next request can use the connection. If it is dropped earlier, the connection or the HTTP/2 stream is
/// closed. In both cases the rest of the request body is not sent.
pub struct ResponseBody {
    incoming: Incoming,
    lease: Option<Lease>,
    is_reusable: bool,
    exchange: Exchange,
    stall: Stall,
    version: Version,
    received: u64,
    is_over: bool,
}

impl ResponseBody {
    pub(crate) fn new(
        incoming: Incoming,
        lease: Lease,
        is_reusable: bool,
        exchange: Exchange,
        stall: Stall,
    ) -> Self {
        let version = lease.transport().version;
        let lease = Some(lease);
        let mut body =
            Self { incoming, lease, is_reusable, exchange, stall, version, received: 0, is_over: false };
        if body.incoming.is_end_stream() {
            body.end();
        }
        body
    }

    /// The end has arrived. After this, h2 could report only that this side resets the rest of the request.
    fn end(&mut self) {
        self.is_over = true;
        if let Some(lease) = self.lease.take() {
            // Over HTTP/1.1, what is left of the request body ends the connection.
            if self.is_reusable && self.exchange.has_sent_all() {
                lease.give_back();
            }
            self.exchange.end();
        }
    }

    fn take(
        &mut self,
        frame: Option<Result<Frame<Bytes>, hyper::Error>>,
    ) -> Option<Result<Frame<Bytes>, Cut>> {
        let result = match frame {
            Some(Ok(frame)) => self.check(frame),
            Some(Err(error)) => Err(self.cut(&error)),
            // hyper takes a reset with `NO_ERROR` for the end.
            None if self.version == Version::HTTP_2 && !self.incoming.is_end_stream() => {
                Err(Cut::Reset { code: h2::Reason::NO_ERROR.into() })
            }
            None => {
                self.end();
                return None;
            }
        };
        match &result {
            Err(_) => self.is_over = true,
            // h2 has to lock for an answer, and HTTP/2 needs none here.
            Ok(frame) => {
                let is_http2 = self.version == Version::HTTP_2;
                if frame.is_trailers() || (!is_http2 && self.incoming.is_end_stream()) {
                    self.end();
                }
            }
        }
        Some(result)
    }

    fn check(&mut self, frame: Frame<Bytes>) -> Result<Frame<Bytes>, Cut> {
        if let Some(data) = frame.data_ref() {
            self.received += data.len() as u64;
        }
        if frame.trailers_ref().is_some_and(|trailers| section_size(trailers) > MOST_SECTION) {
            return Err(Cut::TooLarge(format!("the trailer section has more than {MOST_SECTION} bytes")));
        }
        Ok(frame)
    }

    fn cut(&self, error: &hyper::Error) -> Cut {
        if let Some(reason) = self.exchange.failure() {
            return Cut::RequestBody(reason);
        }
        if let Some(fault) = self.lease.as_ref().and_then(Lease::fault) {
            return fault;
        }
        let cut = Cut::of_connection(error);
        // Content that is short of its length is malformed for h2. It has not passed on what is more than that.
        let may_be_short = cut == Cut::Closed || Cut::is_rule_of_stream(error);
        match self.incoming.size_hint().exact() {
            Some(rest) if rest > 0 && may_be_short => {
                Cut::Short { expected: self.received + rest, received: self.received }
            }
            _ => cut,
        }
    }
}

impl Drop for ResponseBody {
    fn drop(&mut self) {
        self.exchange.end();
    }
}

impl fmt::Debug for ResponseBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseBody")
            .field("version", &self.version)
            .field("received", &self.received)
            .finish_non_exhaustive()
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        let this = &mut *self;
        if this.is_over {
            return Poll::Ready(None);
        }
        loop {
            match Pin::new(&mut this.incoming).poll_frame(cx) {
                // An empty frame is no progress.
                Poll::Ready(Some(Ok(frame))) if frame.data_ref().is_some_and(Bytes::is_empty) => {}
                Poll::Ready(frame) => {
                    this.stall.stop();
                    return Poll::Ready(this.take(frame));
                }
                Poll::Pending => {
                    return this.stall.poll_elapsed(cx, &this.exchange).map(|()| {
                        this.is_over = true;
                        this.exchange.end();
                        this.lease.take().iter().for_each(Lease::discard);
                        Some(Err(Cut::Stalled(this.stall.bound())))
                    });
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.is_over || self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}

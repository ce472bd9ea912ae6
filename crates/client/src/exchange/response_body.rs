use super::{exchange::Exchange, incoming::Incoming, stall::Stall};
use crate::{bounds::MOST_SECTION, client::Lease, verdict::Cut};
use axum_trailers::trailers::server::section_size;
use bytes::Bytes;
use http::Version;
use http_body::{Body, Frame, SizeHint};
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
        let mut body = Self { incoming, lease, is_reusable, exchange, stall, version, is_over: false };
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

    fn take(&mut self, frame: Option<Result<Frame<Bytes>, Cut>>) -> Option<Result<Frame<Bytes>, Cut>> {
        let result = match frame {
            Some(Ok(frame)) => check(frame),
            Some(Err(cut)) => Err(self.cause(cut)),
            None => {
                self.end();
                return None;
            }
        };
        match &result {
            Err(_) => self.is_over = true,
            Ok(frame) => {
                if frame.is_trailers() || self.incoming.has_ended() {
                    self.end();
                }
            }
        }
        Some(result)
    }

    /// What has led to a cut.
    fn cause(&self, cut: Cut) -> Cut {
        if let Some(reason) = self.exchange.failure() {
            return Cut::RequestBody(reason);
        }
        self.lease.as_ref().and_then(Lease::fault).unwrap_or(cut)
    }
}

fn check(frame: Frame<Bytes>) -> Result<Frame<Bytes>, Cut> {
    if frame.trailers_ref().is_some_and(|trailers| section_size(trailers) > MOST_SECTION) {
        return Err(Cut::TooLarge(format!("the trailer section has more than {MOST_SECTION} bytes")));
    }
    Ok(frame)
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
            .field("received", &self.incoming.received())
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

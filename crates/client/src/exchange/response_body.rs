use crate::{client::Lease, verdict::Cut};
use bytes::Bytes;
use http::Version;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

/// The body of a response, as it arrives. Each way to end early is an error.
pub struct ResponseBody {
    incoming: Incoming,
    version: Version,
    /// Goes back at the end, so that the next request can use the connection.
    lease: Option<Lease>,
}

impl ResponseBody {
    pub(crate) fn new(incoming: Incoming, lease: Lease) -> Self {
        let version = lease.transport().version;
        let mut body = Self { incoming, version, lease: Some(lease) };
        if body.incoming.is_end_stream() {
            body.give_back();
        }
        body
    }

    fn give_back(&mut self) {
        if let Some(lease) = self.lease.take() {
            lease.give_back();
        }
    }
}

impl fmt::Debug for ResponseBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseBody").field("version", &self.version).finish_non_exhaustive()
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        Poll::Ready(match ready!(Pin::new(&mut self.incoming).poll_frame(cx)) {
            Some(frame) => Some(frame.map_err(|error| Cut::of(&error))),
            // hyper takes a reset with `NO_ERROR` for the end.
            None if self.version == Version::HTTP_2 && !self.incoming.is_end_stream() => {
                Some(Err(Cut::Reset { code: h2::Reason::NO_ERROR.into() }))
            }
            None => {
                self.give_back();
                None
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}

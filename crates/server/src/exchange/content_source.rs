use crate::connection::{FramingError, Protocol};
use axum_trailers::BoxError;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
#[cfg(feature = "http3")]
use std::sync::Arc;
use std::{
    error::Error,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};
#[cfg(feature = "http3")]
use tokio::sync::Notify;

/// The source of a request's content and trailers: hyper, or h3. Nothing else in `exchange` or `app` depends on that.
pub(crate) enum ContentSource {
    Hyper {
        incoming: Incoming,
        protocol: Protocol,
    },
    #[cfg(feature = "http3")]
    Quic(Box<QuicContent>),
}

#[cfg(feature = "http3")]
pub(crate) struct QuicContent {
    content: axum_trailers_quic::Content,
    /// Notified when the application first reads, if the client waits for `100 Continue`.
    continues: Option<Arc<Notify>>,
}

/// Why a request's content ends early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ContentError {
    /// Larger than the source accepts, in bytes.
    #[error("the trailer section is larger than {limit} bytes")]
    TrailersTooLarge { limit: usize },
    /// More than the source accepts.
    #[error("the trailer section has more than {limit} fields")]
    TooManyTrailers { limit: usize },
    #[error(transparent)]
    Framing(#[from] FramingError),
    #[error("the trailer section is malformed")]
    #[cfg_attr(
        not(feature = "http3"),
        expect(dead_code, reason = "hyper does not tell them from other errors")
    )]
    BadTrailers,
    #[error(transparent)]
    Broken(BoxError),
    #[error("the client reset the stream")]
    Reset,
    #[error("the client closed its sending side")]
    HalfClosed,
}

impl ContentSource {
    pub(crate) fn of_hyper(incoming: Incoming, protocol: Protocol) -> Self {
        Self::Hyper { incoming, protocol }
    }

    #[cfg(feature = "http3")]
    pub(crate) fn of_quic(content: axum_trailers_quic::Content, continues: Option<Arc<Notify>>) -> Self {
        Self::Quic(Box::new(QuicContent { content, continues }))
    }

    pub(super) fn protocol(&self) -> Protocol {
        match self {
            Self::Hyper { protocol, .. } => *protocol,
            #[cfg(feature = "http3")]
            Self::Quic(_) => Protocol::Http3,
        }
    }
}

impl Body for ContentSource {
    type Data = Bytes;
    type Error = ContentError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ContentError>>> {
        let (incoming, protocol) = match &mut *self {
            Self::Hyper { incoming, protocol } => (incoming, *protocol),
            #[cfg(feature = "http3")]
            Self::Quic(quic) => {
                if let Some(continues) = quic.continues.take() {
                    continues.notify_one();
                }
                let frame = Pin::new(&mut quic.content).poll_frame(cx);
                return frame.map(|frame| frame.map(|frame| Ok(frame?)));
            }
        };
        let frame = ready!(Pin::new(&mut *incoming).poll_frame(cx));
        // hyper takes a reset with `NO_ERROR` for the end: a client gets one after an early response (RFC 9113 §8.1).
        let is_cut = frame.is_none() && protocol.has_streams() && !incoming.is_end_stream();
        Poll::Ready(if is_cut { Some(Err(ContentError::Reset)) } else { frame.map(|frame| Ok(frame?)) })
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Hyper { incoming, .. } => incoming.is_end_stream(),
            #[cfg(feature = "http3")]
            Self::Quic(quic) => quic.content.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Hyper { incoming, .. } => incoming.size_hint(),
            #[cfg(feature = "http3")]
            Self::Quic(quic) => quic.content.size_hint(),
        }
    }
}

#[cfg(feature = "http3")]
impl From<axum_trailers_quic::ReceiveError> for ContentError {
    fn from(error: axum_trailers_quic::ReceiveError) -> Self {
        use axum_trailers_quic::{Fault, ReceiveError};
        match error {
            ReceiveError::SectionTooLarge { limit, .. }
            | ReceiveError::Fault(Fault::SectionTooLarge { limit, .. }) => {
                Self::TrailersTooLarge { limit: usize::try_from(limit).unwrap_or(usize::MAX) }
            }
            ReceiveError::Fault(Fault::TooManyFields { limit }) => Self::TooManyTrailers { limit },
            ReceiveError::Fault(Fault::PseudoFieldInTrailers | Fault::ConnectionField(_)) => {
                Self::BadTrailers
            }
            ReceiveError::Reset { .. } => Self::Reset,
            other => Self::Broken(other.into()),
        }
    }
}

/// hyper's limits for a trailer section over HTTP/1.1, which it reports only in its messages.
const HTTP1_SIZE: usize = 16 * 1024;
const HTTP1_FIELDS: usize = 100;

impl From<hyper::Error> for ContentError {
    fn from(error: hyper::Error) -> Self {
        if let Some(framing) = framing_error(&error) {
            return Self::Framing(framing);
        }
        match error.source().map(ToString::to_string).as_deref() {
            Some("chunk trailers bytes over limit") => Self::TrailersTooLarge { limit: HTTP1_SIZE },
            Some("chunk trailers count overflow") => Self::TooManyTrailers { limit: HTTP1_FIELDS },
            _ => Self::Broken(error.into()),
        }
    }
}

/// The guard's error, which hyper passes on.
fn framing_error(error: &hyper::Error) -> Option<FramingError> {
    let error = error.source()?.downcast_ref::<io::Error>()?;
    error.get_ref()?.downcast_ref().copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt;
    use hyper::{Request, Response, server::conn::http1, service::service_fn};
    use hyper_util::rt::TokioIo;
    use std::{convert::Infallible, sync::OnceLock};
    use tokio::io::{AsyncRead, ReadBuf, join, sink};

    const HEAD: &str = "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n";

    /// Reads the content of a request through hyper.
    async fn content_of(request: impl AsyncRead + Unpin) -> Result<Bytes, ContentError> {
        let content = OnceLock::new();
        let service = service_fn(|request: Request<Incoming>| async {
            let source = ContentSource::of_hyper(request.into_body(), Protocol::Http1);
            content.set(source.collect().await).expect("one request");
            Ok::<_, Infallible>(Response::new(String::new()))
        });
        let io = TokioIo::new(join(request, sink()));
        let _broken_with_it = http1::Builder::new().half_close(true).serve_connection(io, service).await;
        Ok(content.into_inner().expect("a request")?.to_bytes())
    }

    #[tokio::test]
    async fn trailers_over_hypers_limits_differ_from_broken_content() {
        let whole = |trailers: &str| format!("{HEAD}0\r\n{trailers}\r\n");
        assert_eq!(content_of(whole("x: 1\r\n").as_bytes()).await.expect("whole"), "hello");
        let large = whole(&format!("x: {}\r\n", "x".repeat(HTTP1_SIZE)));
        let error = content_of(large.as_bytes()).await.expect_err("too large");
        assert!(matches!(error, ContentError::TrailersTooLarge { limit: HTTP1_SIZE }), "{error:?}");
        let many = whole(&"x: 1\r\n".repeat(HTTP1_FIELDS + 1));
        let error = content_of(many.as_bytes()).await.expect_err("too many");
        assert!(matches!(error, ContentError::TooManyTrailers { limit: HTTP1_FIELDS }), "{error:?}");
        let error = content_of(HEAD.as_bytes()).await.expect_err("cut");
        assert!(matches!(error, ContentError::Broken(_)), "{error:?}");
    }

    /// Bytes, and then an error from the guard.
    struct Malformed<'b>(&'b [u8]);

    impl AsyncRead for Malformed<'_> {
        fn poll_read(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            buf: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            if self.0.is_empty() {
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, FramingError::Size)));
            }
            Pin::new(&mut self.0).poll_read(cx, buf)
        }
    }

    #[tokio::test]
    async fn fault_from_the_guard_is_recognized() {
        let error = content_of(Malformed(HEAD.as_bytes())).await.expect_err("malformed");
        assert!(matches!(error, ContentError::Framing(FramingError::Size)), "{error:?}");
    }
}

use super::{CollectedBody, RequestBodyError};
use crate::{
    BoxError,
    body::{Fuse, Phase},
    compat::{AnyBody, Request, RequestWithBody, SplitBody},
    trailers::{TrailerLimits, Trailers},
};
use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt};
use http::HeaderMap;
use std::{
    fmt,
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll, ready},
};
use sync_wrapper::SyncWrapper;

/// A request's body as a stream of chunks, followed by its trailers.
///
/// Trailer fields that [RFC 9110 §6.5.1](https://www.rfc-editor.org/rfc/rfc9110#section-6.5.1) forbids are removed and
/// logged at `DEBUG`. They never become header fields. A section larger than its [`TrailerLimits`] is an error.
/// (axum-trailers-server has refused such a request by then, with a 431 problem document, and the handler's body ends
/// in an error.)
///
/// The amount of data is not limited: a chunk is freed when the handler drops it.
///
/// ```
/// use axum::{Router, routing::put};
/// use axum_trailers::request::{RequestBody, RequestBodyError};
/// use futures_util::StreamExt;
///
/// async fn upload(mut body: RequestBody) -> Result<String, RequestBodyError> {
///     let mut bytes = 0;
///     while let Some(chunk) = body.next().await {
///         bytes += chunk?.len(); // the error becomes a problem document
///     }
///     let trailers = body.trailers().await?;
///     Ok(format!("{bytes} bytes, then {} trailer fields\n", trailers.as_map().len()))
/// }
///
/// let app: Router = Router::new().route("/upload", put(upload));
/// # let _ = app;
/// ```
#[must_use]
pub struct RequestBody {
    body: SyncWrapper<Fuse<AnyBody>>,
    limits: TrailerLimits,
}

impl RequestBody {
    /// The body of a request of either generation, for services without axum. Its trailers are limited by the
    /// [`TrailerLimits`] in the request's extensions.
    pub fn new<R>(request: R) -> Self
    where
        R: RequestWithBody<Body: SplitBody<Error: Into<BoxError>> + Send + 'static>,
    {
        let limits = Self::limits(&request);
        Self::with_limits(request.into_body(), limits)
    }

    pub(super) fn limits(request: &impl Request) -> TrailerLimits {
        request.extension().copied().unwrap_or_default()
    }

    pub(super) fn with_limits<B>(body: B, limits: TrailerLimits) -> Self
    where
        B: SplitBody<Error: Into<BoxError>> + Send + 'static,
    {
        Self { body: SyncWrapper::new(Fuse::new(AnyBody::new(body))), limits }
    }

    /// Returns the trailers. Call it after the end of the stream. They are empty if the request has none.
    ///
    /// # Errors
    ///
    /// [`RequestBodyError::Unread`] before the end of the stream, [`RequestBodyError::Trailers`] if they are too large,
    /// and any other error of the body. A stream that failed fails again.
    pub async fn trailers(mut self) -> Result<Trailers, RequestBodyError> {
        match self.body.get_mut().phase() {
            Phase::Data => return Err(RequestBodyError::Unread),
            Phase::Ended => return Err(RequestBodyError::Broken("the body has already failed".into())),
            Phase::Trailers => {}
        }
        let section = poll_fn(|cx| self.poll_section(cx)).await?;
        Ok(Trailers::from_received(section, self.limits)?)
    }

    /// Reads the whole body, data and trailers.
    ///
    /// # Errors
    ///
    /// [`RequestBodyError::TooLarge`] as soon as there are more than `limit` bytes of data, and any other error of the
    /// body. The data received so far is dropped.
    pub async fn collect(mut self, limit: usize) -> Result<CollectedBody, RequestBodyError> {
        let mut content = BytesMut::new();
        while let Some(chunk) = self.next().await {
            let chunk = chunk?;
            if chunk.len() > limit - content.len() {
                return Err(RequestBodyError::TooLarge { limit });
            }
            content.extend_from_slice(&chunk);
        }
        Ok(CollectedBody { content: content.freeze(), trailers: self.trailers().await? })
    }

    fn poll_section(&mut self, cx: &mut Context<'_>) -> Poll<Result<HeaderMap, RequestBodyError>> {
        let section = ready!(Pin::new(self.body.get_mut()).poll_trailers(cx));
        Poll::Ready(match section {
            Ok(section) => Ok(section.unwrap_or_default()),
            Err(error) => Err(RequestBodyError::of_body(error)),
        })
    }
}

impl Stream for RequestBody {
    type Item = Result<Bytes, RequestBodyError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let chunk = ready!(Pin::new(self.body.get_mut()).poll_data(cx));
        Poll::Ready(chunk.map(|chunk| chunk.map_err(RequestBodyError::of_body)))
    }
}

impl fmt::Debug for RequestBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestBody").finish_non_exhaustive()
    }
}

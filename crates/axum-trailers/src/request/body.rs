use super::{CollectedBody, RequestBodyError};
use crate::{
    body::{Fuse, Phase},
    trailers::{TrailerLimits, Trailers},
};
use async_trait::async_trait;
use axum_core::{
    BoxError,
    body::{BoxBody, boxed},
    extract::FromRequest,
};
use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt};
use http::{Extensions, HeaderMap, Request};
use http_body::Body;
use std::{
    convert::Infallible,
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
    body: SyncWrapper<Fuse<BoxBody>>,
    limits: TrailerLimits,
}

impl RequestBody {
    pub(super) fn new<B>(body: B, extensions: &Extensions) -> Self
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let limits = extensions.get().copied().unwrap_or_default();
        Self { body: SyncWrapper::new(Fuse::new(boxed(body))), limits }
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
            Err(error) => Err(RequestBodyError::of_body(error.into_inner())),
        })
    }
}

impl Stream for RequestBody {
    type Item = Result<Bytes, RequestBodyError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let chunk = ready!(Pin::new(self.body.get_mut()).poll_data(cx));
        Poll::Ready(chunk.map(|chunk| chunk.map_err(|error| RequestBodyError::of_body(error.into_inner()))))
    }
}

#[async_trait]
impl<S, B> FromRequest<S, B> for RequestBody
where
    S: Send + Sync,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Rejection = Infallible;

    async fn from_request(request: Request<B>, _state: &S) -> Result<Self, Infallible> {
        let (head, body) = request.into_parts();
        Ok(Self::new(body, &head.extensions))
    }
}

impl fmt::Debug for RequestBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestBody").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trailers::TrailersTooLarge;
    use axum::response::IntoResponse;
    use axum_trailers_testing::{
        ScriptedBody,
        Step::{self, Data, End, Error as Fail, Pending, Trailers},
        fields,
    };
    use http::StatusCode;

    fn body<const N: usize>(steps: [Step; N]) -> RequestBody {
        RequestBody::new(ScriptedBody::new(steps), &Extensions::new())
    }

    async fn text(body: &mut RequestBody) -> Result<String, RequestBodyError> {
        let mut text = String::new();
        while let Some(chunk) = body.next().await {
            text += std::str::from_utf8(&chunk?).expect("text");
        }
        Ok(text)
    }

    const STEPS: [Step; 7] = [
        Pending,
        Data("a"),
        Data(""),
        Data("bc"),
        End,
        Pending,
        Trailers(&[("x-sum", "1"), ("host", "a"), ("x-sum", "2")]),
    ];

    #[tokio::test]
    async fn data_is_followed_by_the_permitted_trailers() {
        let mut came = body(STEPS);
        assert_eq!(text(&mut came).await.expect("no error"), "abc");
        assert!(came.next().await.is_none(), "the end stays the end");
        let trailers = came.trailers().await.expect("no error").into_map();
        assert_eq!(trailers, fields(&[("x-sum", "1"), ("x-sum", "2")]));

        let mut came = body([Data("a")]);
        text(&mut came).await.expect("no error");
        assert!(came.trailers().await.expect("no error").is_empty());
    }

    #[tokio::test]
    async fn trailers_before_the_end_are_the_handlers_fault() {
        let error = body(STEPS).trailers().await.expect_err("unread");
        assert!(matches!(error, RequestBodyError::Unread));
        assert_eq!(error.into_response().status(), StatusCode::INTERNAL_SERVER_ERROR);
    }

    #[tokio::test]
    async fn nothing_follows_an_error() {
        let mut came = body([Data("a"), Fail]);
        assert!(came.next().await.expect("data").is_ok());
        let error = came.next().await.expect("an error").expect_err("scripted");
        assert_eq!(error.into_response().status(), StatusCode::BAD_REQUEST);
        assert!(came.next().await.is_none());
        assert!(matches!(came.trailers().await, Err(RequestBodyError::Broken(_))));

        let mut came = body([Data("a"), End, Fail]);
        text(&mut came).await.expect("no error");
        assert!(matches!(came.trailers().await, Err(RequestBodyError::Broken(_))));
    }

    #[tokio::test]
    async fn trailers_past_their_limits_are_a_431() {
        let mut extensions = Extensions::new();
        extensions.insert(TrailerLimits { fields: 1, ..TrailerLimits::default() });
        for (steps, fits) in [(STEPS.to_vec(), false), (vec![Trailers(&[("x-sum", "1")])], true)] {
            let mut came = RequestBody::new(ScriptedBody::new(steps), &extensions);
            text(&mut came).await.expect("no error");
            match came.trailers().await {
                Ok(_) => assert!(fits),
                Err(error) => {
                    let limit = TrailersTooLarge::Fields { limit: 1 };
                    assert!(
                        !fits && matches!(error, RequestBodyError::Trailers(e) if e == limit),
                        "{error:?}"
                    );
                    assert_eq!(error.into_response().status(), StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
                }
            }
        }
    }

    #[tokio::test]
    async fn collected_body_is_complete_or_an_error() {
        let collected = body(STEPS).collect(3).await.expect("small enough");
        assert_eq!(collected.content, "abc");
        assert_eq!(collected.trailers.into_map(), fields(&[("x-sum", "1"), ("x-sum", "2")]));

        let error = body(STEPS).collect(2).await.expect_err("too large");
        assert!(matches!(error, RequestBodyError::TooLarge { limit: 2 }));
        assert_eq!(error.into_response().status(), StatusCode::PAYLOAD_TOO_LARGE);
        assert!(body([Data("a"), Fail]).collect(100).await.is_err());
        assert!(body([Data("a"), End, Fail]).collect(100).await.is_err());
    }

    #[test]
    fn type_facts() {
        fn send_and_sync<T: Send + Sync + Unpin + 'static>() {}
        send_and_sync::<RequestBody>();
        send_and_sync::<RequestBodyError>();
    }
}

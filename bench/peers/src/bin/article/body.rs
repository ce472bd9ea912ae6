use axum_0_6::{
    BoxError, Error,
    body::{Bytes, HttpBody, boxed},
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use futures_core::{Stream, TryStream};
use pin_project_lite::pin_project;
use std::{
    pin::Pin,
    task::{Context, Poll},
};
use sync_wrapper::SyncWrapper;

pin_project! {
    /// axum 0.6's `StreamBody` with trailers that are known before the body begins.
    pub(crate) struct StreamBody<S> {
        #[pin]
        stream: SyncWrapper<S>,
        trailers: Option<HeaderMap>,
    }
}

impl<S> StreamBody<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream: SyncWrapper::new(stream), trailers: None }
    }

    pub(crate) fn set_trailers(&mut self, trailers: HeaderMap) {
        self.trailers = Some(trailers);
    }
}

impl<S> HttpBody for StreamBody<S>
where
    S: TryStream,
    S::Ok: Into<Bytes>,
    S::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = Error;

    fn poll_data(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        let stream = self.project().stream.get_pin_mut();
        stream.try_poll_next(cx).map(|next| next.map(|chunk| chunk.map(Into::into).map_err(Error::new)))
    }

    fn poll_trailers(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<Option<HeaderMap>, Error>> {
        Poll::Ready(Ok(self.project().trailers.take()))
    }
}

impl<S> IntoResponse for StreamBody<S>
where
    S: Stream + TryStream + Send + 'static,
    S::Ok: Into<Bytes>,
    S::Error: Into<BoxError>,
{
    fn into_response(self) -> Response {
        Response::new(boxed(self))
    }
}

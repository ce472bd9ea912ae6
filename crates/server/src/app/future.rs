use crate::exchange::{AppResponse, problems};
use axum_trailers::BoxError;
use bytes::Bytes;
use http::Response;
use http_body::Body;
#[cfg(any(feature = "axum-06", feature = "axum-08"))]
use std::{convert::Infallible, task::ready};
use std::{
    pin::Pin,
    task::{Context, Poll},
};

/// The future of a response. Those of axum's routers need no box.
#[allow(clippy::large_enum_variant, reason = "most applications are routers")]
pub(crate) enum AppFuture {
    #[cfg(feature = "axum-06")]
    Axum06(axum_06::routing::future::RouteFuture<axum_06::body::Body, Infallible>),
    #[cfg(feature = "axum-08")]
    Axum08(axum_08::routing::future::RouteFuture<Infallible>),
    Other(Pin<Box<dyn Future<Output = AppResponse> + Send>>),
}

impl AppFuture {
    pub(super) fn of_http_1<F, B, E>(future: F) -> Self
    where
        F: Future<Output = Result<Response<B>, E>> + Send + 'static,
        B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
        E: Into<BoxError>,
    {
        #[cfg(feature = "axum-08")]
        let future = match crate::downcast::downcast(future) {
            Ok(future) => return Self::Axum08(future),
            Err(future) => future,
        };
        Self::boxed(async {
            match future.await {
                Ok(response) => response.into(),
                Err(error) => problems::service_failed(&error.into()),
            }
        })
    }

    pub(super) fn boxed(future: impl Future<Output = AppResponse> + Send + 'static) -> Self {
        Self::Other(Box::pin(future))
    }

    pub(super) fn ready(response: AppResponse) -> Self {
        Self::boxed(std::future::ready(response))
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<AppResponse> {
        match self {
            #[cfg(feature = "axum-06")]
            Self::Axum06(future) => {
                let Ok(response) = ready!(Pin::new(future).poll(cx));
                Poll::Ready(super::axum_06::response::newer(response))
            }
            #[cfg(feature = "axum-08")]
            Self::Axum08(future) => {
                let Ok(response) = ready!(Pin::new(future).poll(cx));
                Poll::Ready(response.into())
            }
            Self::Other(future) => future.as_mut().poll(cx),
        }
    }
}

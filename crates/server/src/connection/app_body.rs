use axum_trailers::{
    BoxError,
    compat::{AnyBody, SplitBody},
};
use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, SizeHint};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
};

/// The body of a response of the application. Those of axum's routers are in a box already, and need no other.
pub(crate) enum AppBody {
    #[cfg(feature = "axum-06")]
    Axum06(axum_trailers::compat::Http02<axum_06::body::BoxBody>),
    #[cfg(feature = "axum-08")]
    Axum08(axum_trailers::compat::Http1<axum_08::body::Body>),
    Other(AnyBody),
}

impl AppBody {
    pub(crate) fn of_http_1<B>(body: B) -> Self
    where
        B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        #[cfg(feature = "axum-08")]
        let body = match crate::downcast::downcast(body) {
            Ok(body) => return Self::Axum08(axum_trailers::compat::Http1::new(body)),
            Err(body) => body,
        };
        Self::Other(AnyBody::of_http_1(body))
    }

    #[cfg(feature = "axum-06")]
    pub(crate) fn of_axum_06(body: axum_06::body::BoxBody) -> Self {
        Self::Axum06(axum_trailers::compat::Http02::new(body))
    }

    /// Drops it. A panic of the application's code goes no further.
    pub(crate) fn discard(self) {
        let _panic = catch_unwind(AssertUnwindSafe(|| drop(self)));
    }

    pub(crate) fn poll_data(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BoxError>>> {
        match self {
            #[cfg(feature = "axum-06")]
            Self::Axum06(body) => Pin::new(body).poll_data(cx),
            #[cfg(feature = "axum-08")]
            Self::Axum08(body) => Pin::new(body).poll_data(cx).map_err(Into::into),
            Self::Other(body) => Pin::new(body).poll_data(cx),
        }
    }

    pub(crate) fn poll_trailers(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<HeaderMap>, BoxError>> {
        match self {
            #[cfg(feature = "axum-06")]
            Self::Axum06(body) => Pin::new(body).poll_trailers(cx),
            #[cfg(feature = "axum-08")]
            Self::Axum08(body) => Pin::new(body).poll_trailers(cx).map_err(Into::into),
            Self::Other(body) => Pin::new(body).poll_trailers(cx),
        }
    }

    pub(crate) fn is_end_stream(&self) -> bool {
        match self {
            #[cfg(feature = "axum-06")]
            Self::Axum06(body) => body.is_end_stream(),
            #[cfg(feature = "axum-08")]
            Self::Axum08(body) => body.is_end_stream(),
            Self::Other(body) => body.is_end_stream(),
        }
    }

    pub(crate) fn size_hint(&self) -> SizeHint {
        match self {
            #[cfg(feature = "axum-06")]
            Self::Axum06(body) => body.size_hint(),
            #[cfg(feature = "axum-08")]
            Self::Axum08(body) => body.size_hint(),
            Self::Other(body) => body.size_hint(),
        }
    }
}

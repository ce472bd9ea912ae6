use super::sealed::Sealed;
use bytes::Bytes;
use http::HeaderMap;
use http_body::{Frame, SizeHint};
use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

/// A body of either generation, whose data and trailers are polled separately.
///
/// [`Http1`](super::Http1) and `Http02` make one of any body of their generation. The bodies of this crate return the end
/// again if they are polled after it.
pub trait SplitBody: Sealed {
    /// The body's error.
    type Error;

    /// Polls the next chunk. `None` is the end of the data.
    fn poll_data(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>>;

    /// Polls the trailers, after the end of the data.
    fn poll_trailers(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<HeaderMap>, Self::Error>>;

    /// Whether there is neither data nor a trailer section left.
    fn is_end_stream(&self) -> bool;

    /// The bounds of the remaining data, in bytes.
    fn size_hint(&self) -> SizeHint;
}

/// The next frame of a body that returns the end again after its end.
pub(crate) fn poll_frame<B: SplitBody>(
    mut body: Pin<&mut B>,
    cx: &mut Context<'_>,
) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
    if let Some(chunk) = ready!(body.as_mut().poll_data(cx)) {
        return Poll::Ready(Some(chunk.map(Frame::data)));
    }
    let trailers = ready!(body.poll_trailers(cx)).transpose();
    Poll::Ready(trailers.map(|trailers| trailers.map(Frame::trailers)))
}

/// Implements the body traits of both generations for a [`SplitBody`].
macro_rules! implement_body {
    ({$($generics:tt)*} $body:ty $(, where $($bounds:tt)*)?) => {
        impl<$($generics)*> ::http_body::Body for $body $(where $($bounds)*)? {
            type Data = ::bytes::Bytes;
            type Error = <Self as $crate::compat::SplitBody>::Error;

            fn poll_frame(
                self: ::std::pin::Pin<&mut Self>,
                cx: &mut ::std::task::Context<'_>,
            ) -> ::std::task::Poll<Option<Result<::http_body::Frame<::bytes::Bytes>, Self::Error>>> {
                $crate::compat::poll_frame(self, cx)
            }

            fn is_end_stream(&self) -> bool {
                $crate::compat::SplitBody::is_end_stream(self)
            }

            fn size_hint(&self) -> ::http_body::SizeHint {
                $crate::compat::SplitBody::size_hint(self)
            }
        }

        #[cfg(feature = "axum-06")]
        impl<$($generics)*> ::http_body_04::Body for $body
        where
            <Self as $crate::compat::SplitBody>::Error: Into<$crate::BoxError>,
            $($($bounds)*)?
        {
            type Data = ::bytes::Bytes;
            type Error = $crate::BoxError;

            fn poll_data(
                self: ::std::pin::Pin<&mut Self>,
                cx: &mut ::std::task::Context<'_>,
            ) -> ::std::task::Poll<Option<Result<::bytes::Bytes, Self::Error>>> {
                let chunk = ::std::task::ready!($crate::compat::SplitBody::poll_data(self, cx));
                ::std::task::Poll::Ready(chunk.map(|chunk| chunk.map_err(Into::into)))
            }

            fn poll_trailers(
                self: ::std::pin::Pin<&mut Self>,
                cx: &mut ::std::task::Context<'_>,
            ) -> ::std::task::Poll<Result<Option<::http_02::HeaderMap>, Self::Error>> {
                $crate::compat::poll_older_trailers(self, cx)
            }

            fn is_end_stream(&self) -> bool {
                $crate::compat::SplitBody::is_end_stream(self)
            }

            fn size_hint(&self) -> ::http_body_04::SizeHint {
                $crate::compat::older_size_hint(&$crate::compat::SplitBody::size_hint(self))
            }
        }
    };
}
pub(crate) use implement_body;

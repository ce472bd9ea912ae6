/// Declares a layer's response body for the body `B` of the inner service. Its fields are not part of the API.
macro_rules! response_body {
    ($(#[$doc:meta])* $name:ident = $inner:ty, seen by $observer:ty) => {
        ::pin_project_lite::pin_project! {
            $(#[$doc])*
            pub struct $name<B: $crate::compat::SplitBody> {
                #[pin]
                inner: $crate::layers::observed::Observed<$inner, $observer>,
            }
        }

        impl<B: $crate::compat::SplitBody> $name<B> {
            pub(super) fn new(inner: $crate::layers::observed::Observed<$inner, $observer>) -> Self {
                Self { inner }
            }
        }

        impl<B: $crate::compat::SplitBody> $crate::compat::sealed::Sealed for $name<B> {}

        impl<B: $crate::compat::SplitBody<Error: Into<$crate::BoxError>>> $crate::compat::SplitBody for $name<B> {
            type Error = $crate::BoxError;

            fn poll_data(
                self: ::std::pin::Pin<&mut Self>,
                cx: &mut ::std::task::Context<'_>,
            ) -> ::std::task::Poll<Option<Result<::bytes::Bytes, $crate::BoxError>>> {
                self.project().inner.poll_data(cx)
            }

            fn poll_trailers(
                self: ::std::pin::Pin<&mut Self>,
                cx: &mut ::std::task::Context<'_>,
            ) -> ::std::task::Poll<Result<Option<::http::HeaderMap>, $crate::BoxError>> {
                self.project().inner.poll_trailers(cx)
            }

            fn is_end_stream(&self) -> bool {
                self.inner.is_end_stream()
            }

            fn size_hint(&self) -> ::http_body::SizeHint {
                self.inner.size_hint()
            }
        }

        $crate::compat::implement_body!({B: $crate::compat::SplitBody<Error: Into<$crate::BoxError>>} $name<B>);

        impl<B: $crate::compat::SplitBody> ::std::fmt::Debug for $name<B> {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    };
}
pub(super) use response_body;

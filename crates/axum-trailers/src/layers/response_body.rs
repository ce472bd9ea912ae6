/// Declares the response body of a layer, in terms of the body `B` of the inner service. What it is made of is no part of the
/// API.
macro_rules! response_body {
    ($(#[$doc:meta])* $name:ident = $inner:ty, seen by $observer:ty) => {
        ::pin_project_lite::pin_project! {
            $(#[$doc])*
            pub struct $name<B: Body> {
                #[pin]
                inner: $crate::layers::observed::Observed<$inner, $observer>,
            }
        }

        impl<B: Body> $name<B> {
            pub(super) fn new(inner: $inner, observer: Option<$observer>) -> Self {
                Self { inner: $crate::layers::observed::Observed::new(inner, observer) }
            }
        }

        impl<B: Body<Data = Bytes>> Body for $name<B> {
            type Data = Bytes;
            type Error = B::Error;

            fn poll_data(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, B::Error>>> {
                self.project().inner.poll_data(cx)
            }

            fn poll_trailers(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
            ) -> Poll<Result<Option<HeaderMap>, B::Error>> {
                self.project().inner.poll_trailers(cx)
            }

            fn is_end_stream(&self) -> bool {
                self.inner.is_end_stream()
            }

            fn size_hint(&self) -> SizeHint {
                self.inner.size_hint()
            }
        }

        impl<B: Body> fmt::Debug for $name<B> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    };
}
pub(super) use response_body;

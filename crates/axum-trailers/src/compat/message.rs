use super::{Fields, Http1, SplitBody, sealed::Sealed};
#[cfg(feature = "axum-06")]
use super::{Http02, conversion};
use bytes::Bytes;
use http::{Method, StatusCode, Version};
use std::convert::identity;

/// The head of a request of either generation.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a request of an enabled version of `http`",
    label = "`http` 1 always works; `http` 0.2 (axum 0.6) needs the feature `axum-06` of axum-trailers"
)]
pub trait Request: Sealed {
    /// Its header section.
    type Fields: Fields;

    /// Whether layers that add trailers hide the length of the content over HTTP/2. Not for `http` 0.2: there,
    /// axum-trailers-server does it, and still enforces the length.
    const HIDES_LENGTH_OVER_HTTP2: bool;

    /// The method.
    fn method(&self) -> Method;

    /// The protocol version.
    fn version(&self) -> Version;

    /// The header section.
    fn fields(&self) -> &Self::Fields;

    /// A value in its extensions.
    fn extension<T: Clone + Send + Sync + 'static>(&self) -> Option<&T>;

    /// Inserts a value into its extensions.
    fn insert_extension<T: Clone + Send + Sync + 'static>(&mut self, value: T);
}

/// A request of either generation with a body of the same one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a request of an enabled version of `http` with a body of `Bytes`",
    label = "`http` 1 always works; `http` 0.2 (axum 0.6) needs the feature `axum-06` of axum-trailers"
)]
pub trait RequestWithBody: Request {
    /// Its body.
    type Body: SplitBody;

    /// The same request with another body.
    type With<B>;

    /// Replaces the body.
    fn map_body<B>(self, map: impl FnOnce(Self::Body) -> B) -> Self::With<B>;

    /// Takes the body.
    fn into_body(self) -> Self::Body;

    /// Whether the body is empty and has no trailers.
    fn is_end_stream(&self) -> bool;
}

/// The head of a response of either generation.
pub trait ResponseHead: Sealed {
    /// Its header section.
    type Fields: Fields;

    /// The status.
    fn status(&self) -> StatusCode;

    /// The header section.
    fn fields(&self) -> &Self::Fields;

    /// The header section.
    fn fields_mut(&mut self) -> &mut Self::Fields;

    /// A value in its extensions.
    fn extension<T: Clone + Send + Sync + 'static>(&self) -> Option<&T>;

    /// Inserts a value into its extensions.
    fn insert_extension<T: Clone + Send + Sync + 'static>(&mut self, value: T);

    /// Removes a value from its extensions.
    fn remove_extension<T: Clone + Send + Sync + 'static>(&mut self) -> Option<T>;
}

/// A response of either generation with a body of the same one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a response of an enabled version of `http` with a body of `Bytes`",
    label = "`http` 1 always works; `http` 0.2 (axum 0.6) needs the feature `axum-06` of axum-trailers"
)]
pub trait Response: ResponseHead {
    /// Its body.
    type Body: SplitBody;

    /// The same response with another body.
    type With<B>;

    /// The response without its body.
    type Head: ResponseHead;

    /// A head with this status.
    fn head(status: StatusCode) -> Self::Head;

    /// Takes the body.
    fn split(self) -> (Self::Head, Self::Body);

    /// Adds a body to a head.
    fn join<B>(head: Self::Head, body: B) -> Self::With<B>;
}

/// Implements these traits for the messages of one generation of `http`. The functions convert to `http` 1.
macro_rules! implement_messages {
    ($http:ident, $split_body:ident, where {$($bounds:tt)+}, $method:path, $version:path, $status:path, $older_status:path, $hides_length:literal) => {
        impl<B> Sealed for $http::Request<B> {}

        #[diagnostic::do_not_recommend]
        impl<B> Request for $http::Request<B> {
            type Fields = $http::HeaderMap;

            const HIDES_LENGTH_OVER_HTTP2: bool = $hides_length;

            fn method(&self) -> Method {
                $method(self.method())
            }

            fn version(&self) -> Version {
                $version(self.version())
            }

            fn fields(&self) -> &Self::Fields {
                self.headers()
            }

            fn extension<T: Clone + Send + Sync + 'static>(&self) -> Option<&T> {
                self.extensions().get()
            }

            fn insert_extension<T: Clone + Send + Sync + 'static>(&mut self, value: T) {
                self.extensions_mut().insert(value);
            }
        }

        #[diagnostic::do_not_recommend]
        impl<B> RequestWithBody for $http::Request<B>
        where
            $($bounds)+
        {
            type Body = $split_body<B>;
            type With<N> = $http::Request<N>;

            fn map_body<N>(self, map: impl FnOnce(Self::Body) -> N) -> $http::Request<N> {
                self.map(|body| map($split_body::new(body)))
            }

            fn into_body(self) -> Self::Body {
                $split_body::new(self.into_body())
            }

            fn is_end_stream(&self) -> bool {
                self.body().is_end_stream()
            }
        }

        impl<B> Sealed for $http::Response<B> {}

        impl<B> ResponseHead for $http::Response<B> {
            type Fields = $http::HeaderMap;

            fn status(&self) -> StatusCode {
                $status(self.status())
            }

            fn fields(&self) -> &Self::Fields {
                self.headers()
            }

            fn fields_mut(&mut self) -> &mut Self::Fields {
                self.headers_mut()
            }

            fn extension<T: Clone + Send + Sync + 'static>(&self) -> Option<&T> {
                self.extensions().get()
            }

            fn insert_extension<T: Clone + Send + Sync + 'static>(&mut self, value: T) {
                self.extensions_mut().insert(value);
            }

            fn remove_extension<T: Clone + Send + Sync + 'static>(&mut self) -> Option<T> {
                self.extensions_mut().remove()
            }
        }

        #[diagnostic::do_not_recommend]
        impl<B> Response for $http::Response<B>
        where
            $($bounds)+
        {
            type Body = $split_body<B>;
            type With<N> = $http::Response<N>;
            type Head = $http::Response<()>;

            fn head(status: StatusCode) -> Self::Head {
                let mut head = $http::Response::new(());
                *head.status_mut() = $older_status(status);
                head
            }

            fn split(self) -> (Self::Head, Self::Body) {
                let (head, body) = self.into_parts();
                ($http::Response::from_parts(head, ()), $split_body::new(body))
            }

            fn join<N>(head: Self::Head, body: N) -> $http::Response<N> {
                head.map(|()| body)
            }
        }
    };
}

implement_messages!(
    http, Http1, where { B: http_body::Body<Data = Bytes> }, Method::clone, identity, identity, identity, true
);

#[cfg(feature = "axum-06")]
implement_messages!(
    http_02, Http02, where { B: http_body_04::Body<Data = Bytes>, B::Error: Into<crate::BoxError> },
    conversion::method_1, conversion::version_1, conversion::status_1, conversion::status_02, false
);

use std::sync::{Arc, OnceLock};

/// An extension of a request in which the route stores its name. The response would be too late: the handler may panic,
/// or the client may leave.
#[derive(Clone, Debug, Default)]
pub(crate) struct MatchedRoute(Arc<OnceLock<Name>>);

#[derive(Debug)]
enum Name {
    #[cfg(feature = "axum-06")]
    Axum06(axum_06::extract::MatchedPath),
    #[cfg(feature = "axum-08")]
    Axum08(axum_08::extract::MatchedPath),
}

impl MatchedRoute {
    /// The route in the router's syntax, such as `/files/*path`.
    pub(crate) fn name(&self) -> Option<&str> {
        self.0.get().map(|name| match *name {
            #[cfg(feature = "axum-06")]
            Name::Axum06(ref path) => path.as_str(),
            #[cfg(feature = "axum-08")]
            Name::Axum08(ref path) => path.as_str(),
        })
    }
}

#[cfg(any(feature = "axum-06", feature = "axum-08"))]
pub(crate) use self::layer::RouteLayer;

#[cfg(any(feature = "axum-06", feature = "axum-08"))]
mod layer {
    use super::{MatchedRoute, Name};
    use std::task::{Context, Poll};
    use tower_layer::Layer;
    use tower_service::Service;

    /// Records which route of a router a request matched.
    #[derive(Clone, Copy, Debug)]
    pub(crate) struct RouteLayer;

    impl<S> Layer<S> for RouteLayer {
        type Service = RouteService<S>;

        fn layer(&self, inner: S) -> RouteService<S> {
            RouteService { inner }
        }
    }

    #[derive(Clone, Debug)]
    pub(crate) struct RouteService<S> {
        inner: S,
    }

    macro_rules! record_route {
        ($http:ident, $axum:ident, $name:path) => {
            impl<S: Service<$http::Request<B>>, B> Service<$http::Request<B>> for RouteService<S> {
                type Response = S::Response;
                type Error = S::Error;
                type Future = S::Future;

                fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
                    self.inner.poll_ready(cx)
                }

                fn call(&mut self, request: $http::Request<B>) -> S::Future {
                    let extensions = request.extensions();
                    let path = extensions.get::<$axum::extract::MatchedPath>();
                    if let (Some(MatchedRoute(name)), Some(path)) = (extensions.get(), path) {
                        name.get_or_init(|| $name(path.clone()));
                    }
                    self.inner.call(request)
                }
            }
        };
    }

    #[cfg(feature = "axum-06")]
    record_route!(http_02, axum_06, Name::Axum06);
    #[cfg(feature = "axum-08")]
    record_route!(http, axum_08, Name::Axum08);
}

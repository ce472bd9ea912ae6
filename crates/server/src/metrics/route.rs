use axum::extract::MatchedPath;
use http_02::Request;
use std::{
    sync::{Arc, OnceLock},
    task::{Context, Poll},
};
use tower_layer::Layer;
use tower_service::Service;

/// An extension of a request in which the route stores its name. The response would be too late: the handler may panic,
/// or the client may leave.
#[derive(Clone, Debug, Default)]
pub(crate) struct MatchedRoute(Arc<OnceLock<MatchedPath>>);

impl MatchedRoute {
    /// The route in the router's syntax, such as `/files/*path`.
    pub(crate) fn name(&self) -> Option<&str> {
        self.0.get().map(MatchedPath::as_str)
    }
}

/// Records which route a request matched.
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

impl<S: Service<Request<B>>, B> Service<Request<B>> for RouteService<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> S::Future {
        let extensions = request.extensions();
        if let (Some(MatchedRoute(name)), Some(path)) = (extensions.get(), extensions.get::<MatchedPath>()) {
            name.get_or_init(|| path.clone());
        }
        self.inner.call(request)
    }
}

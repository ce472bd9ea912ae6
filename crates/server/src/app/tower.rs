//! Any service of `http` 1, such as axum 0.8's router.

use super::{
    application::{Application, Erased, Handler, RequestNotes},
    future::AppFuture,
};
use crate::exchange::{RequestBody, problems};
use axum_trailers::BoxError;
use bytes::Bytes;
use http::{Request, Response, request::Parts};
use http_body::Body;
use std::{
    future::poll_fn,
    mem,
    task::{Context, Poll, Waker},
};
use tower_service::Service;

impl<S, B> Application for S
where
    S: Service<Request<RequestBody>, Response = Response<B>, Error: Into<BoxError>, Future: Send + 'static>,
    S: Clone + Send + 'static,
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    fn erase(self, is_counted: bool) -> Erased {
        let service = if is_counted { with_named_routes(self) } else { self };
        Erased(Box::new(Tower { service }))
    }
}

/// Records the routes of axum 0.8's router.
#[cfg(feature = "axum-08")]
fn with_named_routes<S: 'static>(service: S) -> S {
    use crate::{downcast::downcast, metrics::RouteLayer};

    match downcast::<_, axum_08::Router>(service) {
        Ok(router) => downcast(router.layer(RouteLayer)).unwrap_or_else(|_| unreachable!("the same type")),
        Err(service) => service,
    }
}

#[cfg(not(feature = "axum-08"))]
fn with_named_routes<S>(service: S) -> S {
    service
}

struct Tower<S> {
    service: S,
}

impl<S, B> Handler for Tower<S>
where
    S: Service<Request<RequestBody>, Response = Response<B>, Error: Into<BoxError>, Future: Send + 'static>,
    S: Clone + Send + 'static,
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    fn for_thread(&self) -> Box<dyn Handler> {
        Box::new(Self { service: self.service.clone() })
    }

    fn call(&mut self, head: Parts, body: RequestBody, notes: RequestNotes) -> AppFuture {
        let mut request = Request::from_parts(head, body);
        notes.add_to_newer(request.extensions_mut());
        // Most services, such as routers, are always ready, so that no task has to be woken.
        match self.service.poll_ready(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(())) => return AppFuture::of_http_1(self.service.call(request)),
            Poll::Ready(Err(error)) => return AppFuture::ready(problems::service_failed(&error.into())),
            Poll::Pending => {}
        }
        // The instance that was polled may be in a queue, so it is the one that waits.
        let next = self.service.clone();
        let mut service = mem::replace(&mut self.service, next);
        AppFuture::of_http_1(async move {
            poll_fn(|cx| service.poll_ready(cx)).await?;
            service.call(request).await
        })
    }
}

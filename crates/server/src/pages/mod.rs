//! Pages of the server itself.

mod metrics;
mod redirect;

pub(crate) use self::{metrics::metrics, redirect::to_https};

use crate::exchange::RequestBody;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use std::{
    convert::Infallible,
    future::{Ready, ready},
    task::{Context, Poll},
};
use tower_service::Service;

type Page = Response<Full<Bytes>>;

/// An application that computes its responses at once.
fn pages<F: Fn(&Request<RequestBody>) -> Page + Clone>(respond: F) -> Pages<F> {
    Pages(respond)
}

#[derive(Clone)]
struct Pages<F>(F);

impl<F: Fn(&Request<RequestBody>) -> Page> Service<Request<RequestBody>> for Pages<F> {
    type Response = Page;
    type Error = Infallible;
    type Future = Ready<Result<Page, Infallible>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<RequestBody>) -> Self::Future {
        ready(Ok(self.0(&request)))
    }
}

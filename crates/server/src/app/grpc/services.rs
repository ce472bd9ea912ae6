use super::{
    body::GrpcBody,
    deadline::Deadline,
    status::{no_message, too_late},
};
use crate::{
    app::future::AppFuture,
    connection::Inbound,
    exchange::{AppResponse, EXPECTATION, FirstMessage, RequestBody, RequestContent, problems},
};
use axum_trailers::BoxError;
use bytes::Bytes;
use http::{Method, Request, Response, Version, header, request::Parts};
use http_body::Body;
use std::{collections::HashMap, convert::Infallible, fmt, future::poll_fn, sync::Arc};
use tower_service::Service;

/// Services by their names, which are the first segment of their paths.
#[derive(Clone, Default)]
pub(crate) struct GrpcServices(Arc<HashMap<Arc<str>, Arc<dyn Mounted>>>);

/// A service with its types erased.
trait Mounted: Send + Sync {
    fn begin(&self, request: Request<RequestContent>, inbound: Arc<Inbound>) -> AppFuture;
}

impl GrpcServices {
    /// Adds a service.
    ///
    /// # Panics
    ///
    /// Panics if the name is invalid or already has a service.
    pub(crate) fn with<S, B>(self, name: &str, service: S) -> Self
    where
        S: Service<Request<RequestBody>, Response = Response<B>, Error = Infallible>,
        S: Clone + Send + Sync + 'static,
        S::Future: Send,
        B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        assert!(!name.is_empty() && !name.contains('/'), "{name:?} is not a valid gRPC service name");
        let mut services = Arc::unwrap_or_clone(self.0);
        let other = services.insert(name.into(), Arc::new(service));
        assert!(other.is_none(), "the gRPC service {name:?} is already registered");
        Self(Arc::new(services))
    }

    /// The service that a request is for, if any.
    pub(crate) fn service(&self, path: &str) -> Option<GrpcService<'_>> {
        if self.0.is_empty() {
            return None;
        }
        let (name, _method) = path.strip_prefix('/')?.split_once('/')?;
        let (name, service) = self.0.get_key_value(name)?;
        Some(GrpcService { name, service: &**service })
    }
}

impl fmt::Debug for GrpcServices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// One of the services.
pub(crate) struct GrpcService<'s> {
    name: &'s Arc<str>,
    service: &'s dyn Mounted,
}

impl GrpcService<'_> {
    pub(crate) fn name(&self) -> Arc<str> {
        self.name.clone()
    }

    /// The response to a request that is not a valid call
    /// ([gRPC over HTTP/2, Requests](https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#requests)). Another
    /// content type could be a form, which any page can make a browser send.
    pub(crate) fn rejection(&self, request: &Parts) -> Option<AppResponse> {
        if request.version < Version::HTTP_2 {
            return Some(problems::needs_http2(self.name));
        }
        if request.method != Method::POST {
            return Some(problems::needs_post(self.name));
        }
        let content_type = request.headers.get(header::CONTENT_TYPE);
        let is_grpc = content_type
            .and_then(|value| value.as_bytes().strip_prefix(b"application/grpc"))
            .is_some_and(|rest| matches!(rest.first(), None | Some(b'+' | b';')));
        (!is_grpc).then(|| problems::needs_grpc(self.name))
    }

    pub(crate) fn call(&self, request: Request<RequestContent>, inbound: Arc<Inbound>) -> AppFuture {
        self.service.begin(request, inbound)
    }
}

impl<S, B> Mounted for S
where
    S: Service<Request<RequestBody>, Response = Response<B>, Error = Infallible>,
    S: Clone + Send + Sync + 'static,
    S::Future: Send,
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    fn begin(&self, request: Request<RequestContent>, inbound: Arc<Inbound>) -> AppFuture {
        let mut service = self.clone();
        let deadline = Deadline::read(request.headers());
        let (head, incoming) = request.into_parts();
        let limit = inbound.limits().stalled_body;
        let limit = if incoming.awaits_continue_in_vain() { limit.min(EXPECTATION) } else { limit };
        let first_message = FirstMessage::default();
        let body = RequestBody::of_call(incoming, inbound.clone(), first_message.clone());
        AppFuture::boxed(async move {
            let answered = async {
                let Ok(()) = poll_fn(|cx| service.poll_ready(cx)).await;
                let Ok(response) = service.call(Request::from_parts(head, body)).await;
                AppResponse::from(response.map(|body| GrpcBody::new(body, deadline)))
            };
            tokio::select! {
                biased;
                response = answered => response,
                () = Deadline::over(deadline) => too_late(),
                () = first_message.missed(limit, &inbound) => no_message(limit),
            }
        })
    }
}

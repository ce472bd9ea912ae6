use super::{
    deadline::Deadline,
    request::GrpcRequestBody,
    response::older,
    status::{no_message, too_late},
};
use crate::{
    connection::Inbound,
    exchange::{EXPECTATION, RequestContent, problems},
};
use axum::{BoxError, body::Bytes, response::Response};
use http_02::{Method, Request, Version, header};
use http_body::Body;
use std::{collections::HashMap, convert::Infallible, fmt, future::poll_fn, pin::Pin, sync::Arc};
use tower_service::Service;

/// The future of a response.
pub(crate) type Answering = Pin<Box<dyn Future<Output = Response> + Send>>;

/// Services by their names, which are the first segment of their paths.
#[derive(Clone, Default)]
pub(crate) struct GrpcServices(Arc<HashMap<Arc<str>, Arc<dyn Mounted>>>);

/// A service with its types erased.
trait Mounted: Send + Sync {
    fn begin(&self, request: http::Request<RequestContent>, inbound: Arc<Inbound>) -> Answering;
}

impl GrpcServices {
    /// Adds a service.
    ///
    /// # Panics
    ///
    /// Panics if the name is invalid or already has a service.
    pub(crate) fn with<S, B>(self, name: &str, service: S) -> Self
    where
        S: Service<http::Request<GrpcRequestBody>, Response = http::Response<B>, Error = Infallible>,
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
    pub(crate) fn service<B>(&self, request: &Request<B>) -> Option<GrpcService<'_>> {
        if self.0.is_empty() {
            return None;
        }
        let (name, _method) = request.uri().path().strip_prefix('/')?.split_once('/')?;
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
    pub(crate) fn rejection<B>(&self, request: &Request<B>) -> Option<Response> {
        if request.version() < Version::HTTP_2 {
            return Some(problems::needs_http2(self.name));
        }
        if request.method() != Method::POST {
            return Some(problems::needs_post(self.name));
        }
        let content_type = request.headers().get(header::CONTENT_TYPE);
        let is_grpc = content_type
            .and_then(|value| value.as_bytes().strip_prefix(b"application/grpc"))
            .is_some_and(|rest| matches!(rest.first(), None | Some(b'+' | b';')));
        (!is_grpc).then(|| problems::needs_grpc(self.name))
    }

    pub(crate) fn call(&self, request: http::Request<RequestContent>, inbound: Arc<Inbound>) -> Answering {
        self.service.begin(request, inbound)
    }
}

impl<S, B> Mounted for S
where
    S: Service<http::Request<GrpcRequestBody>, Response = http::Response<B>, Error = Infallible>,
    S: Clone + Send + Sync + 'static,
    S::Future: Send,
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    fn begin(&self, request: http::Request<RequestContent>, inbound: Arc<Inbound>) -> Answering {
        let mut service = self.clone();
        let deadline = Deadline::read(request.headers());
        let (head, incoming) = request.into_parts();
        let limit = inbound.limits().stalled_body;
        let limit = if incoming.awaits_continue_in_vain() { limit.min(EXPECTATION) } else { limit };
        let (body, first_message) = GrpcRequestBody::new(incoming, inbound.clone());
        Box::pin(async move {
            let answered = async {
                let Ok(()) = poll_fn(|cx| service.poll_ready(cx)).await;
                let Ok(response) = service.call(http::Request::from_parts(head, body)).await;
                older(response, deadline)
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

use super::{
    super::answer,
    deadline::Deadline,
    response::{older, too_late},
};
use axum::{BoxError, body::Bytes, response::Response};
use http::{Request, Version};
use http_body_1::Body;
use hyper::body::Incoming;
use std::{collections::HashMap, convert::Infallible, fmt, future::poll_fn, pin::Pin, sync::Arc};
use tokio::time::timeout_at;
use tower_service::Service;

/// The response to come.
pub(in crate::server::bridge) type Answering = Pin<Box<dyn Future<Output = Response> + Send>>;

/// Services by the names that are the first segment of their paths.
#[derive(Clone, Default)]
pub(in crate::server) struct GrpcServices(Arc<HashMap<Arc<str>, Arc<dyn Mounted>>>);

/// A service whose types are told to nobody.
trait Mounted: Send + Sync {
    fn begin(&self, request: http_1::Request<Incoming>) -> Answering;
}

impl GrpcServices {
    /// The same with one service more, or another of that name.
    pub(in crate::server) fn with<S, B>(self, name: &str, service: S) -> Self
    where
        S: Service<http_1::Request<Incoming>, Response = http_1::Response<B>, Error = Infallible>,
        S: Clone + Send + Sync + 'static,
        S::Future: Send,
        B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        let mut services = Arc::unwrap_or_clone(self.0);
        services.insert(name.into(), Arc::new(service));
        Self(Arc::new(services))
    }

    /// The service that a request is for.
    pub(in crate::server::bridge) fn service<B>(&self, request: &Request<B>) -> Option<GrpcService<'_>> {
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

/// One of them.
pub(in crate::server::bridge) struct GrpcService<'s> {
    name: &'s Arc<str>,
    service: &'s dyn Mounted,
}

impl GrpcService<'_> {
    pub(in crate::server::bridge) fn name(&self) -> Arc<str> {
        self.name.clone()
    }

    /// Whether it can be used over a version of HTTP, or what is said where it can't.
    pub(in crate::server::bridge) fn refusal(&self, version: Version) -> Option<Response> {
        (version < Version::HTTP_2).then(|| answer::needs_http2(self.name))
    }

    pub(in crate::server::bridge) fn call(&self, request: http_1::Request<Incoming>) -> Answering {
        self.service.begin(request)
    }
}

impl<S, B> Mounted for S
where
    S: Service<http_1::Request<Incoming>, Response = http_1::Response<B>, Error = Infallible>,
    S: Clone + Send + Sync + 'static,
    S::Future: Send,
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    fn begin(&self, request: http_1::Request<Incoming>) -> Answering {
        let mut service = self.clone();
        let deadline = Deadline::read(request.headers());
        Box::pin(async move {
            let answered = async {
                let Ok(()) = poll_fn(|cx| service.poll_ready(cx)).await;
                let Ok(response) = service.call(request).await;
                older(response, deadline)
            };
            match deadline {
                None => answered.await,
                Some(deadline) => {
                    timeout_at(deadline.instant(), answered).await.unwrap_or_else(|_| too_late())
                }
            }
        })
    }
}

use crate::{
    app::{ConnectionService, ResponseFuture},
    connection::Protocol,
    exchange::{ContentSource, NoResponse, ResponseBody},
};
use http::{Request, Response};
use hyper::{body::Incoming, service::Service};

/// hyper's service for one connection.
pub(super) struct HyperService {
    service: ConnectionService,
    protocol: Protocol,
}

impl HyperService {
    pub(super) fn new(service: ConnectionService, protocol: Protocol) -> Self {
        Self { service, protocol }
    }
}

impl Service<Request<Incoming>> for HyperService {
    type Response = Response<ResponseBody>;
    type Error = NoResponse;
    type Future = ResponseFuture;

    fn call(&self, request: Request<Incoming>) -> ResponseFuture {
        self.service.call(request.map(|incoming| ContentSource::of_hyper(incoming, self.protocol)))
    }
}

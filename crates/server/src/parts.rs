//! The service of a connection, for the benchmarks in `bench/parts`. Not part of the API.

use crate::{
    app::{App, Axum06, ConnectionService, GrpcServices},
    connection::{Peer, Protocol, Purpose},
    exchange::ContentSource,
    shutdown::Handle,
};
use axum_06::Router;
use axum_trailers::BoxError;
use bytes::Bytes;
use http_body::Body;
use hyper::body::Incoming;
use std::sync::Arc;

/// The service of a connection, without a network.
pub struct AppService(ConnectionService);

impl AppService {
    /// Creates a service with the server's default settings.
    #[must_use]
    pub fn new(router: Router) -> Self {
        let (shutdown, limits) = (Handle::new().shutdown(), Arc::default());
        let make = App::new(Axum06(router), GrpcServices::default(), limits, shutdown, None);
        Self(make.service(make.connect(Peer::Unix, Purpose::Https)))
    }

    /// Passes a request from hyper to the router and returns the response.
    pub async fn call(
        &self,
        request: http::Request<Incoming>,
    ) -> http::Response<impl Body<Data = Bytes, Error = BoxError> + use<>> {
        let request = request.map(|incoming| ContentSource::of_hyper(incoming, Protocol::Http1));
        self.0.call(request).await.expect("no client has set a limit")
    }
}

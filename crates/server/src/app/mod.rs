//! The application: what responds to requests. A transport passes each request of a connection to its
//! [`ConnectionService`], which passes it to the [`Application`] or to a gRPC service, and the response to
//! [`exchange`](crate::exchange).

mod application;
#[cfg(feature = "axum-06")]
mod axum_06;
mod future;
mod grpc;
mod service;
mod tower;

pub use self::application::Application;
#[cfg(feature = "axum-06")]
pub use self::axum_06::Axum06;
pub(crate) use self::{
    grpc::GrpcServices,
    service::{App, ConnectionService, ResponseFuture},
};

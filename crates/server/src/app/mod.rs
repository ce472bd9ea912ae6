//! The application: what responds to requests. A transport passes each request of a connection to its
//! [`ConnectionService`], which passes it to the axum 0.6 router or to a gRPC service, and the response to
//! [`exchange`](crate::exchange).

mod axum_06;
mod grpc;
mod service;

pub use self::grpc::GrpcRequestBody;
pub(crate) use self::{
    grpc::GrpcServices,
    service::{App, ConnectionService, ResponseFuture},
};

//! The application: what answers requests. A transport gives each request of a connection to its [`ConnectionService`], which hands it to the axum
//! 0.6 router, or to a gRPC service beside it, and their response to [`exchange`](crate::exchange).

mod axum_06;
mod grpc;
mod service;

pub use self::grpc::GrpcRequestBody;
pub(crate) use self::{
    grpc::GrpcServices,
    service::{App, ConnectionService, ResponseFuture},
};

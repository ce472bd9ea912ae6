//! gRPC services beside the router, for any version of tonic with `http` 1.x. They get hyper's requests unchanged.
//! Their responses take the same way as the router's, so the same guarantees apply.

mod body;
mod deadline;
mod request;
mod response;
mod services;
mod status;

pub use self::request::GrpcRequestBody;
pub(crate) use self::services::GrpcServices;
pub(super) use self::services::{Answering, GrpcService};

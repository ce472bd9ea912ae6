//! gRPC services beside the router, of any version of tonic that has `http` 1.x. They take hyper's requests as they are;
//! their responses go the way of the router's, so that all that holds for those holds for them.

mod body;
mod deadline;
mod request;
mod response;
mod services;
mod status;

pub use self::request::GrpcRequestBody;
pub(crate) use self::services::GrpcServices;
pub(super) use self::services::{Answering, GrpcService};

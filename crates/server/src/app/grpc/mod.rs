//! gRPC services beside the application, for any version of tonic with `http` 1.x. Their responses take the same way as
//! the application's, so the same guarantees apply.

mod body;
mod deadline;
mod services;
mod status;

pub(super) use self::services::GrpcService;
pub(crate) use self::services::GrpcServices;

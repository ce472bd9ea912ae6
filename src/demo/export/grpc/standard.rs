//! The services that gRPC's own tools look for.

use super::{DESCRIPTORS, ExportsService, v1::exports_server::ExportsServer};
use tonic_health::{
    pb::health_server::{Health, HealthServer},
    server::health_reporter,
};
use tonic_reflection::server::{Builder, v1, v1alpha};

/// `grpc.health.v1.Health`, which says that the server and its exports serve
/// ([health checking](https://github.com/grpc/grpc/blob/master/doc/health-checking.md)).
pub async fn health() -> HealthServer<impl Health> {
    let (reporter, health) = health_reporter();
    reporter.set_serving::<ExportsServer<ExportsService>>().await;
    health
}

/// `grpc.reflection.v1.ServerReflection`, which tells clients of all the services
/// ([reflection](https://github.com/grpc/grpc/blob/master/doc/server-reflection.md)).
#[must_use]
pub fn reflection() -> v1::ServerReflectionServer<impl v1::ServerReflection> {
    builder().build_v1().expect(WHY)
}

/// The same for clients that know `grpc.reflection.v1alpha` alone.
#[must_use]
pub fn reflection_v1alpha() -> v1alpha::ServerReflectionServer<impl v1alpha::ServerReflection> {
    builder().build_v1alpha().expect(WHY)
}

const WHY: &str = "the descriptors are generated, and read by a test";

fn builder() -> Builder<'static> {
    Builder::configure()
        .register_encoded_file_descriptor_set(DESCRIPTORS)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
}

//! The standard services that gRPC tools use.

use super::{
    DESCRIPTORS, ExportsService,
    v1::exports_server::{ExportsServer, SERVICE_NAME},
};
use tonic_health::{
    ServingStatus,
    pb::health_server::{Health, HealthServer},
    server::{HealthReporter, health_reporter},
};
use tonic_reflection::server::{Builder, v1, v1alpha};

/// `grpc.health.v1.Health`, which reports that the server and its exports are serving
/// ([health checking](https://github.com/grpc/grpc/blob/master/doc/health-checking.md)), until [`Serving::end`].
pub async fn health() -> (Serving, HealthServer<impl Health>) {
    let (reporter, health) = health_reporter();
    reporter.set_serving::<ExportsServer<ExportsService>>().await;
    (Serving(reporter), health)
}

/// Controls the status that the health service reports.
#[derive(Clone, Debug)]
pub struct Serving(HealthReporter);

impl Serving {
    /// Reports `NOT_SERVING` from now on and ends `Watch` calls, because a server that shuts down would wait for them.
    pub async fn end(mut self) {
        for service in ["", SERVICE_NAME] {
            self.0.set_service_status(service, ServingStatus::NotServing).await;
            self.0.clear_service_status(service).await;
            self.0.set_service_status(service, ServingStatus::NotServing).await;
        }
    }
}

/// `grpc.reflection.v1.ServerReflection`, which describes all services to clients
/// ([reflection](https://github.com/grpc/grpc/blob/master/doc/server-reflection.md)).
#[must_use]
pub fn reflection() -> v1::ServerReflectionServer<impl v1::ServerReflection> {
    builder().build_v1().expect(WHY)
}

/// The same for clients that only support `grpc.reflection.v1alpha`.
#[must_use]
pub fn reflection_v1alpha() -> v1alpha::ServerReflectionServer<impl v1alpha::ServerReflection> {
    builder().build_v1alpha().expect(WHY)
}

const WHY: &str = "the descriptors are generated, and read by a test";

fn builder() -> Builder<'static> {
    Builder::configure()
        .register_encoded_file_descriptor_set(DESCRIPTORS)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET)
        .include_reflection_service(false)
}

//! The database's tables as a gRPC service on the same port: a real protocol with `grpc-status`, `grpc-message` and
//! `grpc-status-details-bin` as trailers.
//!
//! ```text
//! curl -v -k -o /dev/null -H 'content-type: application/grpc' -H 'te: trailers' --data-binary @<(printf '\0\0\0\0\012\012\006orders\040\003') 'https://localhost:3000/axum_trailers.v1.Exports/Export'
//! ```
//!
//! `proto/axum_trailers/v1/exports.proto` defines the service; clients can also discover it by reflection. The standard
//! services for health and reflection (v1, and v1alpha for older clients) are available as well. The services use tonic
//! without its transport:
//! [`Server::grpc`](https://docs.rs/axum-trailers-server/latest/axum_trailers_server/struct.Server.html#method.grpc)
//! mounts them.

mod feed;
mod output;
mod rows;
mod service;
mod standard;
mod status;
mod value;

pub use self::{
    rows::Rows,
    service::ExportsService,
    standard::{Serving, health, reflection, reflection_v1alpha},
};

/// The messages, server and client of `axum_trailers.v1.Exports`, as tonic generates them from
/// `proto/axum_trailers/v1/exports.proto` (`cargo run --package axum-trailers-generate`).
#[allow(clippy::pedantic, missing_docs, unreachable_pub, reason = "it is generated")]
pub mod v1 {
    include!("generated/axum_trailers.v1.rs");
}

/// The descriptors of [`v1`], for reflection: an encoded `FileDescriptorSet`.
pub const DESCRIPTORS: &[u8] = include_bytes!("generated/axum_trailers.v1.bin");

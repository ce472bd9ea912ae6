//! A server's Prometheus metrics. Label values come from fixed sets: the router's routes, the names of gRPC services,
//! and the enumerations of this crate.

mod client_kind;
mod families;
mod route;

#[cfg(any(feature = "axum-06", feature = "axum-08"))]
pub(crate) use self::route::RouteLayer;
pub(crate) use self::{
    client_kind::ClientKind,
    families::{Ended, ServerMetrics},
    route::MatchedRoute,
};

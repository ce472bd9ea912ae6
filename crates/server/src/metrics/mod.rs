//! A server's Prometheus metrics. Label values come from fixed sets: the router's routes, the names of gRPC services,
//! and the enumerations of this crate.

mod client_kind;
mod families;
mod page;
mod route;

pub(crate) use self::{
    client_kind::ClientKind,
    families::{Ended, ServerMetrics},
    page::page,
    route::{MatchedRoute, RouteLayer},
};

//! What a server counts, for Prometheus. Label values come from fixed sets: the router's routes, the names of gRPC
//! services, and the enumerations of this crate.

mod families;
mod page;
mod route;

pub(super) use self::{
    families::{Ended, Metrics},
    page::page,
    route::{MatchedRoute, RouteLayer},
};

//! What axum 0.8's own server and axum-server do with the bodies, layers and extractors of this crate.

mod client;
mod failures;
mod responses;
mod servers;
mod uploads;

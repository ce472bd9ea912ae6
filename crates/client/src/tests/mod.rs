//! Exchanges with a scripted server, over a stream in memory: exact bytes, and a clock that only waits advance.

mod bounds;
mod connect;
mod continue_100;
mod early_responses;
pub(crate) mod frames;
#[cfg(feature = "http3")]
mod http3;
mod peer;
mod request_bodies;
mod requests;
mod resets;
mod responses;
mod reuse;
mod stalls;
mod tls;
mod trailers;
mod types;

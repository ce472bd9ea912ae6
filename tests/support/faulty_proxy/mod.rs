//! A reverse proxy that can do one thing wrong. Without a fault it passes on everything: `TE`, `Trailer`, trailers in both
//! directions, content as it arrives, informational responses over HTTP/1.1, and broken transfers as broken ones.
//!
//! HTTP/1.1 is written by hand, since hyper can't send what some faults need. HTTP/2 is that of h2.

mod body;
mod client;
mod exchange;
mod fault;
mod http1;
mod http2;
mod message;
mod origin;
mod proxy;
mod request_faults;
mod respond;
mod response_faults;
mod stream;
mod upload;

pub(super) use self::{
    body::Piece,
    http1::{Body, Reader, Writer, head},
    stream::Stream,
};
pub(crate) use self::{
    fault::Fault,
    proxy::{FaultyProxy, Setup, Upstream},
};

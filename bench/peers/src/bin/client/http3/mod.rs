//! HTTP/3 on quinn, without more than the measurements need: a HEADERS frame that is the same for all requests of a path,
//! and frames that are parsed where they lie.

mod connection;
mod request;
mod response;
mod varint;

pub(crate) use connection::{Connection, Quic, Windows};
pub(crate) use request::request;

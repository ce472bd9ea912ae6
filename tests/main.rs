//! What the server promises, held against the bytes that reach a client. One file for each promise.

mod binary;
mod bridge;
mod client_gone;
mod digest;
mod examples;
mod failures;
mod files;
mod limits;
mod log;
mod producers;
mod protocol;
mod redirect;
mod request_bodies;
mod request_trailers;
mod shutdown;
mod stalled_readers;
mod support;
mod timing;
mod trailers;
mod verify;

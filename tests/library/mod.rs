//! The library's guarantees, checked on the bytes that reach a client, for both versions of axum.
//!
//! Each file below is compiled once per version, with the prelude of that version: `on_axum_06` runs on the server of
//! this project, `on_axum_08` on axum-server. What only the former does is tested in the folder above.

#![allow(clippy::duplicate_mod, reason = "each file is compiled once per version of axum")]

#[path = "."]
pub(crate) mod on_axum_06 {
    mod client_gone;
    mod cut;
    pub(crate) mod digest;
    pub(crate) mod failures;
    pub(crate) mod observed_producers;
    #[path = "prelude_06.rs"]
    mod prelude;
    pub(crate) mod produced;
    mod producers;
    pub(crate) mod request_trailers;
    mod timing;
    pub(crate) mod trailers;
    mod verify;
}

#[path = "."]
mod on_axum_08 {
    mod client_gone;
    mod cut;
    mod digest;
    mod failures;
    mod observed_producers;
    #[path = "prelude_08.rs"]
    mod prelude;
    mod produced;
    mod producers;
    mod request_trailers;
    mod timing;
    mod trailers;
    mod verify;
}

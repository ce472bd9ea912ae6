//! The library's guarantees, checked on the bytes that reach a client, for both versions of axum.
//!
//! Each file below is compiled once per version and server, with a prelude of its own: `on_axum_06` and `on_axum_08` run on
//! the server of this project, `on_axum_server` runs axum 0.8 on axum-server. What only the former does is tested in the
//! folder `server`.

#![allow(clippy::duplicate_mod, reason = "each file is compiled once per version of axum and server")]

mod this_server;

#[path = "."]
pub(crate) mod on_axum_06 {
    mod client_gone;
    mod cut;
    pub(crate) mod digest;
    pub(crate) mod failures;
    pub(crate) mod observed_producers;
    mod prelude {
        pub(super) use crate::{library::this_server::*, support::axum_06::*};
    }
    pub(crate) mod produced;
    mod producers;
    pub(crate) mod request_trailers;
    mod timing;
    pub(crate) mod trailers;
    mod verify;
}

#[path = "."]
pub(crate) mod on_axum_08 {
    mod client_gone;
    mod cut;
    pub(crate) mod digest;
    pub(crate) mod failures;
    pub(crate) mod observed_producers;
    mod prelude {
        pub(super) use crate::{library::this_server::*, support::axum_08::*};
    }
    pub(crate) mod produced;
    mod producers;
    pub(crate) mod request_trailers;
    mod timing;
    pub(crate) mod trailers;
    mod verify;
}

#[path = "."]
mod on_axum_server {
    mod client_gone;
    mod cut;
    mod digest;
    mod failures;
    mod observed_producers;
    #[path = "prelude_axum_server.rs"]
    mod prelude;
    mod produced;
    mod producers;
    mod request_trailers;
    mod timing;
    mod trailers;
    mod verify;
}

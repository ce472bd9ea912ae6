//! The behaviour of the library, tested for both generations of `http`.
//!
//! Each file below is compiled once per generation, with the prelude of that generation: `http_1` runs on axum 0.8 and
//! `http-body` 1, `http_02` on axum 0.6 and `http-body` 0.4. Tests of private parts are in the files of those parts.

#![allow(clippy::duplicate_mod, reason = "each file is compiled once per generation")]

mod failing_trailers;

pub(crate) use self::failing_trailers::FailingTrailers;

#[cfg(feature = "axum-08")]
#[path = "."]
mod http_1 {
    mod acceptance;
    mod channel;
    mod content_digest;
    mod conversions;
    mod declared;
    mod digest_field;
    mod digested_codings;
    mod extractors;
    mod framing;
    mod helpers;
    mod list_elements;
    mod optional;
    mod preferences;
    #[path = "prelude_1.rs"]
    mod prelude;
    mod problem;
    mod produce;
    mod request_body;
    mod server_timing;
    mod stream_body;
    mod trailers;
    mod type_facts;
    mod verify_body;
    mod verify_layer;
}

#[cfg(feature = "axum-06")]
#[path = "."]
mod http_02 {
    mod acceptance;
    mod channel;
    mod content_digest;
    mod conversions;
    mod declared;
    mod digest_field;
    mod digested_codings;
    mod extractors;
    mod framing;
    mod helpers;
    mod list_elements;
    mod optional;
    mod preferences;
    #[path = "prelude_02.rs"]
    mod prelude;
    mod problem;
    mod produce;
    mod request_body;
    mod server_timing;
    mod stream_body;
    mod trailers;
    mod type_facts;
    mod verify_body;
    mod verify_layer;
}

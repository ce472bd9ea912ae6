//! The workbench: one route for each use that trailers have, each in a file of its own, with the curl line that shows
//! it. [`ROUTES`] lists them all; `GET /help` and the README are made from it.
//!
//! [`Workbench`] is an axum 0.6 application, which the binary `axum-trailers` serves. Trailers leave by any server that carries
//! them, such as [axum-trailers-server](https://docs.rs/axum-trailers-server).
//!
//! - [`chunky`]: `GET /`, a body in two chunks and a trailer, the demo of the article this began with;
//! - [`bytes`]: `GET /bytes/{n}`, deterministic bytes and their digest;
//! - [`files`]: `GET /files/…`, files with the digest of what was sent, and `PUT`, uploads that are kept only where
//!   their digest is right;
//! - [`export`]: the rows of a database with their count, digest and timing, failures in the middle, progress, and the
//!   alternatives for clients without trailers;
//! - [`trailers`]: `GET /trailers`, whatever trailers the query asks for;
//! - [`te`]: `GET /te`, whether this client gets any;
//! - [`echo`] and [`inspect`]: `POST`, the trailers of requests;
//! - [`ui`]: `GET /ui`, a page that tries all this in a browser;
//! - [`help`] and [`healthz`].

mod accept;
mod account;
mod admission;
mod authority;
mod body_limit;
mod bounds;
mod browsers;
mod busy;
pub mod bytes;
pub mod chunky;
mod client;
pub mod database;
pub mod echo;
pub mod export;
pub mod files;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod grpc_status;
pub mod healthz;
pub mod help;
mod in_span;
pub mod inspect;
mod json;
mod metrics;
mod problem_page;
mod query;
mod routes;
mod segment;
mod served;
pub mod te;
pub mod trailers;
pub mod ui;
mod workbench;

pub use self::{
    bounds::Bounds,
    routes::{Example, ROUTES, Route},
    workbench::Workbench,
};

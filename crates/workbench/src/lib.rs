//! The workbench: one route for each use of trailers, each in its own file, with a curl line that shows it. [`ROUTES`]
//! lists them all; `GET /help` is generated from it, and a test compares the table in docs/routes.md with it.
//!
//! [`Workbench`] is an axum 0.6 application; the binary `axum-trailers` serves it. Trailers need a server that sends
//! them, such as [axum-trailers-server](https://docs.rs/axum-trailers-server).
//!
//! | File | |
//! |---|---|
//! | `chunky.rs` | `GET /`: a body in two chunks and a trailer, the demo of the article that started this project |
//! | `bytes.rs` | `GET /bytes/{n}`: deterministic bytes and their digest |
//! | [`files`] | `GET /files/…`: files, followed by the digest of the content; `PUT`: uploads that are kept only if their digest is right |
//! | [`export`] | the rows of a [`database`] with their count, digest and timing, failures in the middle, progress, the alternatives for clients without trailers, and a [gRPC service](export::grpc) |
//! | `trailers.rs` | `GET /trailers`: the trailers that the query asks for |
//! | `answer.rs` | `GET /answer`: words of an answer as they come, and their number behind them |
//! | `lines.rs` | `GET /lines/{n}`: a trailer that is sent only on failure |
//! | `seen/` | `GET /seen/{id}`: what the server sent of a response |
//! | `te.rs` | `GET /te`: whether this client receives trailers |
//! | `echo.rs`, `inspect.rs` | `POST`: the trailers of requests |
//! | `ui/` | `GET /ui`: a page that tries all this in a browser |
//! | `help.rs`, `healthz.rs` | `GET /help`, `GET /healthz` |

mod accept;
mod admission;
mod answer;
mod body_limit;
mod bounds;
mod browsers;
mod bytes;
mod chunky;
mod client;
pub mod database;
mod echo;
pub mod export;
mod faults;
pub mod files;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod grpc_status;
mod healthz;
mod help;
mod hops;
mod html;
mod inspect;
mod json;
mod lines;
mod metrics;
mod origin;
mod pieces;
mod problem_page;
mod query;
mod request_summary;
mod retry_later;
mod routes;
mod seen;
mod segment;
mod spawn;
mod state;
mod te;
mod trailers;
mod ui;
mod workbench;

/// The crate that defines the types of [`Workbench::register`].
pub use prometheus;

pub use self::{
    bounds::Bounds,
    routes::{Example, ROUTES, Route},
    workbench::Workbench,
};

/// The example in README.md, compiled with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

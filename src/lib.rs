//! HTTP trailers for axum 0.6: the fields that follow a body and say what only its end can know
//! ([RFC 9110 §6.5](https://www.rfc-editor.org/rfc/rfc9110#section-6.5)).
//!
//! ```
//! use axum::{Router, response::IntoResponse, routing::get};
//! use axum_trailers::{body, trailers::{Declared, Trailers}};
//!
//! async fn hello() -> impl IntoResponse {
//!     let declared = Declared::new(["x-chunks"]).expect("a permitted field");
//!     let (mut sender, body) = body::channel(64 * 1024, declared);
//!     tokio::spawn(async move {
//!         sender.send("hello\n").await?;
//!         let mut trailers = Trailers::new();
//!         trailers.insert("x-chunks", 1)?;
//!         sender.finish(trailers)?;
//!         Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
//!     });
//!     body
//! }
//!
//! let app: Router = Router::new().route("/", get(hello));
//! # let _ = app;
//! ```
//!
//! # Which type for which need
//!
//! | I want to … | Use |
//! |---|---|
//! | put a trailer that I know already behind a streamed body | [`StreamBody`](body::StreamBody) and `set_trailers` |
//! | let a producer task say how many rows there were, once it knows | [`body::channel`], [`Trailers`](trailers::Trailers) and [`finish`](body::Sender::finish) |
//! | say in the middle of a body that it failed | [`fail`](body::Sender::fail) for a broken transfer, [`fail_with_trailers`](body::Sender::fail_with_trailers) for a whole message that says it; [which clients notice which](body#failures-in-the-middle) |
//! | end every response with the digest of its content | [`ContentDigestLayer`](layers::ContentDigestLayer) |
//! | end every response with how long it took | [`ServerTimingLayer`](layers::ServerTimingLayer), and [`Metrics`](layers::server_timing::Metrics) for measurements of my own |
//! | know whether this client takes trailers | [`Acceptance`](trailers::Acceptance) |
//! | read the trailers of a request | [`RequestBody`](request::RequestBody) as a stream, [`CollectedBody`](request::CollectedBody) at once |
//! | take uploads only where their digest is right | [`VerifyContentDigestLayer`](request::VerifyContentDigestLayer) around routes, [`Verified`](request::Verified) in one handler |
//! | know what may be a trailer | [`why_forbidden`](trailers::why_forbidden) |
#![cfg_attr(
    feature = "server",
    doc = "| send it all over HTTP/2 and HTTP/1.1 | [`Server`](server::Server) |\n| serve tonic's services on the same port | [`Server::grpc`](server::Server::grpc) |"
)]
//!
//! All of it works with any axum 0.6 route and any of its bodies. What reaches the client is the server's to do, and
//! axum 0.6's own (hyper 0.14) drops trailers over HTTP/1.1 and the `Trailer` field over HTTP/2.
#![cfg_attr(feature = "server", doc = "[`server`] runs the same router on hyper 1.x, where both arrive.")]
#![cfg_attr(
    not(feature = "server"),
    doc = "The module `server`, behind the feature of that name, runs the same router on hyper 1.x, where both arrive."
)]
//!
//! # The modules
//!
//! - [`trailers`]: what a trailer section may say, and who takes one;
//! - [`body`]: response bodies that are still being made, with their trailers;
//! - [`digest`]: the algorithms of digests;
//! - [`layers`]: trailers for any route;
//! - [`request`]: the trailers of requests, read and checked;
//! - [`hints`]: response extensions for the server's log;
#![cfg_attr(
    feature = "server",
    doc = "- [`server`]: a TLS server that carries them, over HTTP/2 and HTTP/1.1;"
)]
#![cfg_attr(feature = "demo", doc = "- [`demo`]: the routes of the workbench.")]
//!
//! # Features
//!
//! | Feature | What it adds |
//! |---|---|
//! | `server` | the module `server`: hyper 1.x, rustls, axum-server, metrics |
//! | `demo` | the module `demo`: the workbench's routes, and its gRPC service |
//! | `cli` (default) | the binary, with the two above |
//!
//! Without any (`default-features = false`) there is no TLS stack, no command line and no file service.

pub mod body;
#[cfg(feature = "demo")]
pub mod demo;
pub mod digest;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
pub mod hints;
pub mod layers;
mod problem;
#[cfg(any(feature = "server", feature = "demo"))]
mod protocol_name;
pub mod request;
#[cfg(feature = "server")]
pub mod server;
pub mod trailers;

/// The examples of README.md, compiled with the tests.
#[cfg(all(doctest, feature = "server"))]
#[doc = include_str!("../README.md")]
struct Readme;

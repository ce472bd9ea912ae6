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
//! | end every response with how long it took | [`ServerTimingLayer`](layers::ServerTimingLayer), and [`ServerTimingMetrics`](layers::server_timing::ServerTimingMetrics) for measurements of my own |
//! | know whether this client takes trailers | [`Acceptance`](trailers::Acceptance) |
//! | read the trailers of a request | [`RequestBody`](request::RequestBody) as a stream, [`CollectedBody`](request::CollectedBody) at once |
//! | take uploads only if their digest is right | [`VerifyContentDigestLayer`](request::VerifyContentDigestLayer) around routes, [`Verified`](request::Verified) in one handler |
//! | know what may be a trailer | [`why_forbidden`](trailers::why_forbidden) |
//! | compute a digest, or read a digest field | [`digest`] |
//! | refuse a request with a reason | [`Problem`](problem::Problem) |
//! | write a server that carries all this | [`trailers::server`] |
//! | run such a server | [axum-trailers-server](https://docs.rs/axum-trailers-server) |
//!
//! All of it works with any axum 0.6 route and any of its bodies. What reaches the client depends on the server: axum 0.6's own
//! (hyper 0.14) drops trailers over HTTP/1.1 and the `Trailer` field over HTTP/2. axum-trailers-server runs the same router on
//! hyper 1.x, where both arrive.
//!
//! # Testing
//!
//! A response gets trailers only if its client takes them. A request made in a test is an HTTP/1.1 request without `TE`, and
//! such a client takes none ([RFC 9110 §6.5.1](https://www.rfc-editor.org/rfc/rfc9110#section-6.5.1)). So the layers add no
//! digest and no timing to its response. Ask for trailers as a client does (`tower` 0.4 is here with its
//! feature `util`):
//!
//! ```
//! use axum::{Router, body::{Body, HttpBody}, http::Request, routing::get};
//! use axum_trailers::layers::ContentDigestLayer;
//! use tower::ServiceExt;
//!
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! let app = Router::new().route("/", get(|| async { "hello\n" })).layer(ContentDigestLayer::new());
//!
//! let request = Request::get("/").header("te", "trailers").body(Body::empty())?;
//! let mut body = app.oneshot(request).await?.into_body();
//! while let Some(chunk) = body.data().await {
//!     chunk?;
//! }
//! let trailers = body.trailers().await?.expect("a trailer section");
//! assert_eq!(trailers["content-digest"], "sha-256=:WJG1tSLV3whtD/CxEPvZ0hu0/HFjrzTQgoai6Eb2vgM=:");
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! What arrives on the wire is for a test with a real client. The module
//! [`testing`](https://docs.rs/axum-trailers-server/latest/axum_trailers_server/testing/) of axum-trailers-server starts a server
//! for it.
//!
//! # The modules
//!
//! - [`trailers`]: what a trailer section may say, and who takes one;
//! - [`body`]: response bodies that are still being made, with their trailers;
//! - [`digest`]: digests of content, computed, written and read;
//! - [`layers`]: trailers for any route;
//! - [`request`]: the trailers of requests, read and checked;
//! - [`problem`]: problem documents;
//! - [`hints`]: response extensions for the server's log;
//! - [`syntax`]: list elements, tokens, the names of protocols.

pub mod body;
pub mod digest;
#[cfg(any(test, fuzzing))]
mod fuzzing;
pub mod hints;
pub mod layers;
pub mod problem;
pub mod request;
pub mod syntax;
pub mod trailers;

/// The example of README.md, compiled with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

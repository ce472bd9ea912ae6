//! HTTP trailers for axum 0.6: fields that follow a body and carry what is known only at its end
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
//! # Which type to use
//!
//! | I want to … | Use |
//! |---|---|
//! | send trailers that I know before the body starts | [`StreamBody`](body::StreamBody) and `set_trailers` |
//! | let a producer task set trailers at the end, such as a row count | [`body::channel`], [`Trailers`](trailers::Trailers) and [`finish`](body::Sender::finish) |
//! | report a failure in the middle of a body | [`fail`](body::Sender::fail) cuts the transfer, [`fail_with_trailers`](body::Sender::fail_with_trailers) sends a complete message with the failure in its trailers; [what clients notice](body#failures-in-the-middle) |
//! | add a digest of the content to every response | [`ContentDigestLayer`](layers::ContentDigestLayer) |
//! | add timings to every response | [`ServerTimingLayer`](layers::ServerTimingLayer), and [`ServerTimingMetrics`](layers::server_timing::ServerTimingMetrics) for my own metrics |
//! | check whether the client accepts trailers | [`Acceptance`](trailers::Acceptance) |
//! | read the trailers of a request | [`RequestBody`](request::RequestBody) as a stream, [`CollectedBody`](request::CollectedBody) in memory |
//! | accept only uploads whose digest matches | [`VerifyContentDigestLayer`](request::VerifyContentDigestLayer) around routes, [`Verified`](request::Verified) in one handler |
//! | check whether a field may be a trailer | [`why_forbidden`](trailers::why_forbidden) |
//! | compute a digest or read a digest field | [`digest`] |
//! | reject a request with an explanation | [`Problem`](problem::Problem) |
//! | write a server that sends these trailers | [`trailers::server`] |
//! | run such a server | [axum-trailers-server](https://docs.rs/axum-trailers-server) |
//!
//! Everything works with any axum 0.6 route and body. What reaches the client depends on the server: axum 0.6's own
//! (hyper 0.14) drops trailers over HTTP/1.1 and the `Trailer` field over HTTP/2. axum-trailers-server runs the same
//! router on hyper 1.x and sends both.
//!
//! # Testing
//!
//! A response gets trailers only if its client accepts them. A request built in a test is an HTTP/1.1 request without
//! `TE`, which means that the client accepts none
//! ([RFC 9110 §6.5.1](https://www.rfc-editor.org/rfc/rfc9110#section-6.5.1)), so the layers add no digest and no
//! timing. Set the header that a client would send (the example uses `tower` 0.4 with its feature `util`):
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
//! To test what arrives on the wire, use a real client. The module
//! [`testing`](https://docs.rs/axum-trailers-server/latest/axum_trailers_server/testing/) of axum-trailers-server
//! starts a server for it.
//!
//! # Modules
//!
//! - [`trailers`]: which fields a trailer section may contain, and which clients accept one;
//! - [`body`]: streamed response bodies with trailers;
//! - [`digest`]: compute, write and read digests of content;
//! - [`layers`]: trailers for any route;
//! - [`request`]: read and check the trailers of requests;
//! - [`problem`]: problem documents;
//! - [`hints`]: response extensions for the server's log;
//! - [`syntax`]: list elements, tokens, protocol names.

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

/// The example in README.md, compiled with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

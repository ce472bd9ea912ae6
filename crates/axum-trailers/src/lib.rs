//! HTTP trailers for axum 0.8 and 0.6: fields that follow a body and carry what is known only at its end
//! ([RFC 9110 §6.5](https://www.rfc-editor.org/rfc/rfc9110#section-6.5)).
//!
//! ```
//! use axum::{Router, response::IntoResponse, routing::get};
//! use axum_trailers::{body, declared, trailers::Trailers};
//!
//! async fn hello() -> impl IntoResponse {
//!     body::produce(64 * 1024, declared!["x-chunks"], |mut sender| async move {
//!         sender.send("hello\n").await?;
//!         let mut trailers = Trailers::new();
//!         trailers.insert("x-chunks", 1)?;
//!         sender.finish(trailers)?;
//!         Ok(())
//!     })
//! }
//!
//! let app: Router = Router::new().route("/", get(hello));
//! # let _ = app;
//! ```
//!
//! # Which feature to enable
//!
//! | You use | In Cargo.toml |
//! |---|---|
//! | axum 0.8 | `axum-trailers = { version = "0.1", features = ["axum-08"] }` |
//! | axum 0.6 | `axum-trailers = { version = "0.1", features = ["axum-06"] }` |
//! | `http` 1 without axum, such as hyper 1 or tonic 0.14 | `axum-trailers = "0.1"` |
//! | `http` 0.2 without axum, such as hyper 0.14 | `axum-trailers = { version = "0.1", features = ["axum-06"] }` |
//!
//! No feature is enabled by default, and both can be enabled together. A type has the same name for both versions of
//! axum, so the examples differ only in axum's own types; they show axum 0.8. See [`compat`] for the rules.
//!
//! # Which type to use
//!
//! | I want to … | Use |
//! |---|---|
//! | send trailers that I know before the body starts | [`StreamBody`](body::StreamBody) and `set_trailers` |
//! | set trailers at the end, such as a row count | [`body::produce`](body::produce()) or [`body::channel`](body::channel()) ([which one](body#a-task-or-not)), [`Trailers`](trailers::Trailers) and [`finish`](body::Sender::finish) |
//! | declare trailers that may be missing, or only report a failure | [`Declaration`](trailers::Declaration) and [`STREAM_ERROR`](trailers::STREAM_ERROR) |
//! | report a failure in the middle of a body | [`fail`](body::Sender::fail) cuts the transfer, [`fail_with_trailers`](body::Sender::fail_with_trailers) sends a complete message with the failure in its trailers on axum-trailers-server, and cuts the transfer on other servers; [what clients notice](body#failures-in-the-middle) |
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
//! Everything works with any route and body of axum 0.8 and 0.6. What reaches the client depends on the server:
//!
//! | Server | Over HTTP/1.1 | Over HTTP/2 |
//! |---|---|---|
//! | axum-trailers-server, for axum 0.8 and 0.6 | trailers, if the request has `TE: trailers` | trailers |
//! | axum 0.8's own (hyper 1) | trailers, if the request has `TE: trailers` and the response announces them | trailers |
//! | axum 0.6's own (hyper 0.14) | no trailers | trailers, but no `Trailer` field |
//!
//! Over HTTP/3, axum-trailers-server sends trailers as over HTTP/1.1: if the request has `TE: trailers`.
//!
//! # Testing
//!
//! A response gets trailers only if its client accepts them. A request built in a test is an HTTP/1.1 request without
//! `TE`, which means that the client accepts none
//! ([RFC 9110 §6.5.1](https://www.rfc-editor.org/rfc/rfc9110#section-6.5.1)), so the layers add no digest and no
//! timing. Set the header that a client would send (the example uses `tower` 0.5 with its feature `util`, and
//! `http-body-util`):
//!
//! ```
//! use axum::{Router, body::Body, http::Request, routing::get};
//! use axum_trailers::layers::ContentDigestLayer;
//! use http_body_util::BodyExt;
//! use tower::ServiceExt;
//!
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! let app = Router::new().route("/", get(|| async { "hello\n" })).layer(ContentDigestLayer::new());
//!
//! let request = Request::get("/").header("te", "trailers").body(Body::empty())?;
//! let collected = app.oneshot(request).await?.into_body().collect().await?;
//! let trailers = collected.trailers().expect("a trailer section");
//! assert_eq!(trailers["content-digest"], "sha-256=:WJG1tSLV3whtD/CxEPvZ0hu0/HFjrzTQgoai6Eb2vgM=:");
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! In axum 0.6 a body has a method for its data and one for its trailers (with `tower` 0.4 or 0.5):
//!
//! ```
//! # #[cfg(feature = "axum-06")]
//! # {
//! # use axum_06 as axum;
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
//! # }
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
//! - [`compat`]: both generations of `http`;
//! - [`hints`]: response extensions for the server's log;
//! - [`syntax`]: list elements, tokens, protocol names, hosts.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "axum-06")]
mod axum_06;
#[cfg(feature = "axum-08")]
mod axum_08;
pub mod body;
pub mod compat;
pub mod digest;
#[cfg(any(test, fuzzing))]
mod fuzzing;
pub mod hints;
pub mod layers;
pub mod problem;
pub mod request;
pub mod syntax;
#[cfg(test)]
mod tests;
pub mod trailers;

/// Any error, as bodies return it.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The example in README.md, compiled with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

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
//! - [`trailers`]: what a trailer section may say, and who takes one;
//! - [`body`]: response bodies that are still being made, with their trailers;
//! - [`layers`]: trailers for any route;
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
//! | `server` | the module `server`: hyper 1.x, rustls, axum-server |
//! | `demo` | the module `demo`: the workbench's routes |
//! | `cli` (default) | the binary, with the two above |

pub mod body;
#[cfg(feature = "demo")]
pub mod demo;
pub mod layers;
#[cfg(feature = "server")]
pub mod server;
pub mod trailers;

/// The examples of README.md, compiled with the tests.
#[cfg(all(doctest, feature = "server"))]
#[doc = include_str!("../README.md")]
struct Readme;

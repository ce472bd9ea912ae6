//! A TLS server that runs an axum 0.6 router on hyper 1.x, with trailers over HTTP/2 and HTTP/1.1.
//!
//! ```no_run
//! use axum::{Router, routing::get};
//! use axum_trailers_server::{Server, Tls};
//!
//! # async fn start() -> Result<(), Box<dyn std::error::Error>> {
//! let app = Router::new().route("/", get(|| async { "hello\n" }));
//! let tls = Tls::from_pem_files("cert.pem", "key.pem")?;
//! Server::new(tls).bind("127.0.0.1:3000")?.run(app).await?;
//! # Ok(())
//! # }
//! ```
//!
//! A connection is accepted, given to a thread and served there by one task. The task makes the TLS handshake, then polls
//! hyper and a timer that compares the connection with the [`Limits`]. A request passes the socket, TLS, a guard that checks
//! the protocol against ALPN's choice, hyper, and a conversion between the two generations of `http` and `http-body`. Its
//! response goes the same way back.
//!
//! Each request is one line in the log, at the level `INFO` of the target `axum_trailers::request`; those to the listener of
//! the [metrics](Server::metrics), gRPC health checks and [routine](axum_trailers::hints::Routine) ones at `DEBUG` if they succeed. Its
//! `request_id` is the request's `X-Request-Id` or `X-Check-Id`, if that is a token of up to 64 bytes, or else made here;
//! the response returns it in `X-Request-Id`, unless the application has set one. Refused connections (`WARN`) and failed
//! handshakes (`INFO`) are logged up to 10
//! times per kind in 10 s; the number of the others follows in one line.
//!
//! # Your own dependency on axum
//!
//! Turn axum's default features off: one of them, `tower-log`, turns on the feature `log` of `tracing` for the whole program.
//! Then the spans of h2 are formatted for each request although nobody reads them, which takes 12 % of the instructions of a small
//! one.
//!
//! ```toml
//! axum = { version = "0.6", default-features = false, features = ["tokio"] }
//! ```
//!
//! # Features
//!
//! | Feature | What it adds |
//! |---|---|
//! | `testing` | the module `testing`: a router served on a free port, with a certificate that its clients can trust |
//!
//! # What it does not carry
//!
//! - WebSocket upgrades: hyper 1.x can't hand them to axum 0.6. A request for one is answered with 501.
//! - Response extensions of hyper (such as a reason phrase of one's own).

#![cfg_attr(docsrs, feature(doc_cfg))]

mod app;
mod compat;
mod connection;
mod exchange;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
mod limits;
mod listener;
mod metrics;
#[cfg(feature = "__bench")]
#[doc(hidden)]
pub mod parts;
mod redirect;
mod running;
mod serve;
mod shutdown;
mod tcp;
#[cfg(feature = "testing")]
#[cfg_attr(docsrs, doc(cfg(feature = "testing")))]
pub mod testing;
mod tls;
mod worker;

/// The crate whose types [`Server::registry`] is made of.
pub use prometheus;

pub use self::{
    app::GrpcRequestBody,
    limits::Limits,
    serve::Server,
    shutdown::Handle,
    tcp::BindError,
    tls::{Tls, TlsError},
};

/// The example of README.md, compiled with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

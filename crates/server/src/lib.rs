//! A server that runs an axum 0.6 router on hyper 1.x, with trailers over HTTP/2 and HTTP/1.1: with TLS, or without it behind
//! a proxy.
//!
//! ```no_run
//! use axum::{Router, routing::get};
//! use axum_trailers_server::{Server, Tls};
//!
//! # async fn start() -> Result<(), Box<dyn std::error::Error>> {
//! let app = Router::new().route("/", get(|| async { "hello\n" }));
//! let tls = Tls::from_pem_files("cert.pem", "key.pem")?;
//! Server::new().tls(tls).bind("127.0.0.1:3000")?.run(app).await?;
//! # Ok(())
//! # }
//! ```
//!
//! A connection is accepted, given to a thread and served there by one task. The task performs the TLS handshake, or lets
//! the first bytes decide the protocol of a plain connection, then polls hyper and a timer that compares the connection
//! with the [`Limits`]. A request passes the socket, TLS, a guard that checks the protocol against ALPN's choice, hyper, and a conversion between the two generations of `http` and
//! `http-body`. Its response takes the same way back.
//!
//! Each request is logged as one line, at level `INFO` with the target `axum_trailers::request`. Requests to the
//! [metrics](Server::metrics) listener, gRPC health checks and [routine](axum_trailers::hints::Routine) requests are
//! logged at `DEBUG` if they succeed. `request_id` is the request's `X-Request-Id` or `X-Check-Id` if that is a token
//! of up to 64 bytes, and is generated otherwise. The response returns it in `X-Request-Id`, unless the application has
//! set one. Refused connections (`WARN`) and failed handshakes (`INFO`) are logged up to 10 times per kind in 10 s; one
//! line with the number of the others follows.
//!
//! # Your own dependency on axum
//!
//! Turn axum's default features off: one of them, `tower-log`, enables the feature `log` of `tracing` in the whole
//! program. Then h2's spans are formatted for each request although nobody reads them, which takes 12 % of the
//! instructions of a small request.
//!
//! ```toml
//! axum = { version = "0.6", default-features = false, features = ["tokio"] }
//! ```
//!
//! # Features
//!
//! | Feature | What it adds |
//! |---|---|
//! | `testing` | the module `testing`: serves a router on a free port, with a certificate that clients can trust |
//!
//! # Not supported
//!
//! - WebSocket upgrades: hyper 1.x can't pass them to axum 0.6. Such a request gets 501.
//! - Response extensions of hyper, such as a custom reason phrase.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod app;
mod client_address;
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

/// The crate that defines the type of [`Server::registry`].
pub use prometheus;

/// The crate that defines the configuration of [`Tls::from_config`].
pub use rustls;

pub use self::{
    app::GrpcRequestBody,
    client_address::{ForwardedHeader, InvalidTrustedProxy, TrustedProxy},
    limits::Limits,
    serve::Server,
    shutdown::Handle,
    tcp::BindError,
    tls::{Tls, TlsError},
};

/// The example in README.md, compiled with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

//! A server with trailers over HTTP/2, HTTP/1.1 and HTTP/3, for an axum 0.8 router or any tower service of `http` 1: with TLS, or
//! without it behind a proxy.
//!
//! ```no_run
//! # use axum_08 as axum;
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
//! # Which applications
//!
//! | Application | Pass to [`serve`](Server::serve) or [`run`](Server::run) | Client's address in the extensions of a request |
//! |---|---|---|
//! | `Router` of axum 0.8 | the router | `ConnectInfo<SocketAddr>` of axum, and [`ConnectionInfo`] |
//! | any `tower::Service<http::Request<`[`RequestBody`]`>>` | the service | [`ConnectionInfo`] |
//! | `Router` of axum 0.6 | `Axum06(router)` | `ConnectInfo<SocketAddr>` of axum, and [`ConnectionInfo`] |
//! | services of tonic, next to any of these | each to [`Server::grpc`] | [`ConnectionInfo`] |
//!
//! An error of a service is logged, and its client gets a 500. If the body of a response has a known size, the server adds
//! a missing `Content-Length`.
//!
//! # Features
//!
//! | Feature | Default | What it adds |
//! |---|---|---|
//! | `axum-08` | on | for a `Router` of axum 0.8: `ConnectInfo`, and its routes in the [metrics](Server::metrics). Without it, the router is served like any other service |
//! | `axum-06` | off | `Axum06`, and the feature `axum-06` of axum-trailers |
//! | `http3` | off | `Server::http3`: HTTP/3 beside HTTPS, on quinn and h3. Experimental, because h3 is: faults of h3 are possible, and this part of the API may change |
//! | `testing` | off | the module `testing`: serves an application on a free port, with a certificate that clients can trust |
//!
//! # Your own dependency on axum
//!
//! Turn axum's default features off: one of them, `tower-log`, enables the feature `log` of `tracing` in the whole
//! program. Then h2's spans are formatted for each request although nobody reads them, which takes 12 % of the
//! instructions of a small request with axum 0.6.
//!
//! ```toml
//! axum = { version = "0.8", default-features = false, features = ["tokio"] }
//! ```
//!
//! # Connections and requests
//!
//! A connection is accepted, given to a thread and served there by one task. The task performs the TLS handshake, or lets
//! the first bytes decide the protocol of a plain connection, then polls hyper and a timer that compares the connection
//! with the [`Limits`]. A request passes the socket, TLS, a guard that checks the protocol against ALPN's choice, and hyper.
//! Over HTTP/3 it passes quinn, an adapter that checks the frames, and h3. Its response takes the same way back. Only for axum 0.6 they are converted between the two generations of `http`.
//!
//! Each request is logged as one line, at level `INFO` with the target `axum_trailers::request`. Requests to the
//! [metrics](Server::metrics) listener, gRPC health checks and [routine](axum_trailers::hints::Routine) requests are
//! logged at `DEBUG` if they succeed. `request_id` is the request's `X-Request-Id` or `X-Check-Id` if that is a token
//! of up to 64 bytes, and is generated otherwise. The response returns it in `X-Request-Id`, unless the application has
//! set one. Refused connections (`WARN`) and failed handshakes (`INFO`) are logged up to 10 times per kind in 10 s; one
//! line with the number of the others follows.
//!
//! # Not supported
//!
//! - WebSocket upgrades and `CONNECT`: such a request gets 501.
//! - Response extensions of hyper, such as a custom reason phrase.
//!
//! [`ConnectionInfo`]: axum_trailers::trailers::server::ConnectionInfo

#![cfg_attr(docsrs, feature(doc_cfg))]

mod accept;
mod app;
mod bind;
mod client_address;
mod connection;
#[cfg(feature = "axum-08")]
mod downcast;
mod exchange;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
mod limits;
mod listener;
mod metrics;
mod pages;
#[cfg(feature = "__bench")]
#[doc(hidden)]
pub mod parts;
#[cfg(feature = "http3")]
mod quic;
mod running;
mod serve;
mod shutdown;
mod tcp;
#[cfg(feature = "testing")]
#[cfg_attr(docsrs, doc(cfg(feature = "testing")))]
pub mod testing;
mod tls;
mod worker;

#[cfg(feature = "axum-06")]
#[cfg_attr(docsrs, doc(cfg(feature = "axum-06")))]
pub use self::app::Axum06;
/// The crate that defines the type of [`Server::registry`].
pub use prometheus;

/// The crate that defines the configuration of [`Tls::from_config`].
pub use rustls;

pub use self::{
    app::Application,
    client_address::{ForwardedHeader, InvalidTrustedProxy, TrustedProxy},
    exchange::RequestBody,
    limits::Limits,
    serve::Server,
    shutdown::Handle,
    tcp::BindError,
    tls::{Tls, TlsError},
};

//! An HTTP client that trusts no transfer whose end it has not seen. It reads trailers, computes digests while the content
//! arrives, and gives each response a verdict. Over HTTP/2 and HTTP/1.1, and with the feature `http3` over HTTP/3.
//!
//! | I want to … | Use |
//! |---|---|
//! | download and verify | [`Client::send`], then read the body, or [`finish`](VerifiedBody::finish) |
//! | know why a transfer is no success | [`Verdict`], [`VerifiedBody::findings`] and [`notes`](VerifiedBody::notes) |
//! | compare with a digest that I have, or require one | [`Verification::expect`], [`require_digest`](Verification::require_digest) |
//! | verify a resumed download as a whole | [`Verification::after`], [`ContentRange`] |
//! | verify the responses of another client, such as reqwest | [`VerifiedBody::wrap`] or [`Verification::verify`] |
//! | send trailers in a request | a body whose last frame is a trailer section, such as that of [`axum_trailers::body::channel`](axum_trailers::body::channel()) |
//! | choose certificates, protocol, proxy or addresses | [`Connector`] |
//! | put layers of tower around it | [`Client`] is a `Service` |
//! | use HTTP/3 | `Protocol::Http3` or `Connector::alt_svc`, with the feature `http3` |
//! | find out where trailers get lost on a path | the module `check`, with the feature `check` |
//!
//! # A verified download
//!
//! The body ends in an error if the content is not what its sender announced: cut, with another digest, with a trailer
//! missing, or with a failure that the sender reports at its end. So a copy of it fails as it should.
//!
//! ```
//! use axum_trailers_client::{Client, Verdict};
//! use bytes::Bytes;
//! use http::Request;
//! use http_body_util::{BodyExt, Empty};
//! use std::io::Write;
//!
//! # use axum::{Router, routing::get};
//! # use axum_trailers::layers::ContentDigestLayer;
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! # let app = Router::new().route("/", get(|| async { "hello\n" })).layer(ContentDigestLayer::new());
//! # let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! # let url = format!("http://{}/", listener.local_addr()?);
//! # tokio::spawn(async { axum::serve(listener, app).await });
//! # let mut file = Vec::new();
//! let request = Request::get(url)
//!     .header("te", "trailers")
//!     .header("want-content-digest", "sha-256=10, sha-512=5")
//!     .body(Empty::<Bytes>::new())?;
//! let mut response = Client::new().send(request).await?;
//!
//! while let Some(frame) = response.body_mut().frame().await {
//!     if let Ok(data) = frame?.into_data() {
//!         file.write_all(&data)?;
//!     }
//! }
//! // Only now the content can be used.
//! let verdict = response.body().verdict().expect("it has ended");
//! assert!(matches!(verdict, Verdict::Verified { .. }));
//! assert_eq!(verdict.to_string(), "verified: sha-256 (trailer field content-digest)");
//! # assert_eq!(file, b"hello\n");
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! A response with status 4xx or 5xx is no error of the body, but its verdict is [`Verdict::Refused`]. Without a response
//! there is an [`Error`]; `Verdict::from` makes it a verdict as well.
//!
//! # An upload with a digest trailer
//!
//! The digest of a request's content is sent after it, so that the content is read only once. With HTTP/1.1 servers, the
//! trailer must be announced.
//!
//! ```
//! use axum_trailers::{
//!     body, declared,
//!     digest::{Algorithm, CONTENT_DIGEST, Hashers},
//!     trailers::Trailers,
//! };
//! use axum_trailers_client::Client;
//! use http::Request;
//!
//! # use axum::{Router, body::Bytes, routing::put};
//! # use axum_trailers::request::VerifyContentDigestLayer;
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! # let app = Router::new()
//! #     .route("/report", put(|content: Bytes| async move { content.len().to_string() }))
//! #     .layer(VerifyContentDigestLayer::required());
//! # let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! # let url = format!("http://{}/report", listener.local_addr()?);
//! # tokio::spawn(async { axum::serve(listener, app).await });
//! let content = body::produce(64 * 1024, declared!["content-digest"], |mut sender| async move {
//!     let mut hashers = Hashers::new([Algorithm::Sha256]);
//!     for chunk in ["first\n", "second\n"] {
//!         hashers.update(chunk.as_bytes());
//!         sender.send(chunk).await?;
//!     }
//!     let mut trailers = Trailers::new();
//!     for digest in hashers.finish() {
//!         trailers.append(CONTENT_DIGEST, digest.to_field_value())?;
//!     }
//!     sender.finish(trailers)?; // without it, the server sees a cut transfer
//!     Ok(())
//! });
//! let request = Request::put(url).header("trailer", "content-digest").body(content)?;
//! let mut response = Client::new().send(request).await?;
//!
//! let verdict = response.body_mut().finish().await;
//! assert!(verdict.is_success(), "{verdict}");
//! # assert_eq!(response.body().received(), 2);
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! # A gRPC status by hand
//!
//! A response of gRPC ends in a `grpc-status`, or contains it in its header section. One that is missing, and one that
//! reports a failure, is part of the verdict.
//!
//! ```
//! use axum_trailers_client::{Client, Connector, Protocol, Verdict};
//! use bytes::Bytes;
//! use http::Request;
//! use http_body_util::Full;
//!
//! # use axum::{Router, body::Body, routing::post};
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! # let failure = axum_trailers::trailers::Trailers::try_from(http::HeaderMap::from_iter([
//! #     (http::HeaderName::from_static("grpc-status"), http::HeaderValue::from_static("5")),
//! #     (http::HeaderName::from_static("grpc-message"), http::HeaderValue::from_static("no row 7 %E2%82%AC")),
//! # ]))?;
//! # let app = Router::new().route("/shop.Rows/Get", post(move || async move {
//! #     let mut body = axum_trailers::body::StreamBody::new(tokio_stream::iter([Ok::<_, std::io::Error>("")]));
//! #     body.set_trailers(failure.into_map()).expect("permitted");
//! #     ([("content-type", "application/grpc")], body)
//! # }));
//! # let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! # let url = format!("http://{}/shop.Rows/Get", listener.local_addr()?);
//! # tokio::spawn(async { axum::serve(listener, app).await });
//! let client = Client::with(Connector::new().protocol(Protocol::Http2));
//! let message = Bytes::from_static(&[0, 0, 0, 0, 0]); // not compressed, 0 bytes
//! let request = Request::post(url)
//!     .header("content-type", "application/grpc")
//!     .header("te", "trailers")
//!     .body(Full::new(message))?;
//! let mut response = client.send(request).await?;
//!
//! match response.body_mut().finish().await {
//!     Verdict::SenderFailed(failure) => {
//!         assert_eq!(failure.value, "5");
//!         assert_eq!(failure.message.as_deref(), Some("no row 7 €"));
//!         assert_eq!(failure.to_string(), "grpc-status 5 (NOT_FOUND): no row 7 €");
//!     }
//!     verdict => panic!("{verdict}"),
//! }
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! # Around another client
//!
//! [`VerifiedBody`] works around any body of `http-body` 1, such as those of hyper and reqwest. Wrap the response before
//! anything decodes its content.
//!
//! ```
//! use axum_trailers_client::VerifiedBody;
//!
//! # use axum::{Router, routing::get};
//! # use axum_trailers::layers::ContentDigestLayer;
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! # let app = Router::new().route("/", get(|| async { "hello\n" })).layer(ContentDigestLayer::new());
//! # let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! # let url = format!("http://{}/", listener.local_addr()?);
//! # tokio::spawn(async { axum::serve(listener, app).await });
//! let request = reqwest::Client::new().get(url).header("te", "trailers").header("connection", "te");
//! let response = http::Response::<reqwest::Body>::from(request.send().await?);
//!
//! let mut response = VerifiedBody::wrap(response);
//! let verdict = response.body_mut().finish().await;
//! assert_eq!(verdict.to_string(), "verified: sha-256 (trailer field content-digest)");
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is hostile
//!
//! A server can send anything. Sections of fields and informational responses are bounded in size and number. `Display` of
//! verdicts, notes and errors escapes control characters; the fields of these types, and the header and trailer sections,
//! contain what arrived: escape it before you print it.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod bounds;
#[cfg(feature = "check")]
#[cfg_attr(docsrs, doc(cfg(feature = "check")))]
pub mod check;
mod client;
mod connector;
mod exchange;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod io;
#[cfg(test)]
mod tests;
mod verdict;
mod verify;

#[doc(hidden)]
pub use self::verdict::is_harmful;
pub use self::{
    client::Client,
    connector::{ConnectError, Connector, Protocol, Proxy, Tls, TlsError, Transport},
    exchange::{Error, OnInformational, OnSend, ResponseBody, UncheckedTrailers},
    verdict::{Cut, DigestSource, ErrorCode, Missing, NoDigest, NotCompared, Place, SenderFailure, Verdict},
    verify::{Comparison, ContentRange, Note, Prefix, Verification, VerifiedBody, VerifyError},
};

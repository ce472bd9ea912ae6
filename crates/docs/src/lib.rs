//! Compiles the Rust code in README.md, docs/ and the READMEs of server, client and QUIC adapter, as documentation tests.

#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;

/// Here, `axum` is axum 0.8; the server depends on two versions of it.
#[cfg(doctest)]
#[doc = include_str!("../../server/README.md")]
struct ServerReadme;

#[cfg(doctest)]
#[doc = include_str!("../../client/README.md")]
struct ClientReadme;

#[cfg(doctest)]
#[doc = include_str!("../../quic/README.md")]
struct QuicReadme;

/// docs/library.md without its section about axum 0.6.
#[cfg(doctest)]
#[doc = include_str!(concat!(env!("OUT_DIR"), "/library.md"))]
struct Library;

/// That section.
#[cfg(doctest)]
#[doc = include_str!(concat!(env!("OUT_DIR"), "/library_06.md"))]
struct Library06;

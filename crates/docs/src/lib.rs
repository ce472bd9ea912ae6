//! Compiles the Rust code in README.md and docs/, as documentation tests.

#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;

/// docs/library.md without its section about axum 0.6.
#[cfg(doctest)]
#[doc = include_str!(concat!(env!("OUT_DIR"), "/library.md"))]
struct Library;

/// That section.
#[cfg(doctest)]
#[doc = include_str!(concat!(env!("OUT_DIR"), "/library_06.md"))]
struct Library06;

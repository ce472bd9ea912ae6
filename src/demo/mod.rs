//! The workbench: one route for each use that trailers have, each in a file of its own.
//!
//! - [`chunky`]: `GET /`, a body in two chunks and a trailer, the demo of the article this began with;
//! - [`files`]: `GET /files/…`, files with the digest of what was sent behind them.

pub mod chunky;
pub mod files;
mod routes;

pub use self::routes::router;

//! The client: it sends requests, and keeps connections for later ones.

#[expect(clippy::module_inception, reason = "one file per type")]
mod client;
mod pool;

pub use self::client::Client;
pub(crate) use self::pool::Lease;
use self::pool::Pool;

//! The client: it sends requests, and keeps connections for later ones.

mod attempt;
#[expect(clippy::module_inception, reason = "one file per type")]
mod client;
mod pool;
mod request_form;
mod target;

pub use self::client::Client;
use self::pool::Pool;
pub(crate) use self::{
    pool::Lease,
    target::{Origin, Target, without_user},
};

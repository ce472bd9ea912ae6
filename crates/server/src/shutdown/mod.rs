//! How a server ends: its stages, and the signals that begin them.

mod handle;
mod signals;

pub use self::handle::Handle;
pub(crate) use self::{
    handle::Shutdown,
    signals::{Hangup, Signals},
};

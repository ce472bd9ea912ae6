//! How a server shuts down: the stages, and the signals that start them.

mod handle;
mod signals;

pub use self::handle::Handle;
pub(crate) use self::{
    handle::Shutdown,
    signals::{Hangup, Signals},
};

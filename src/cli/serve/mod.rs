//! The options of `serve`, which are also those of the command without a verb.

mod args;
mod help;
mod limits;
mod proxies;
#[cfg(test)]
mod tests;
mod values;

pub(crate) use args::ServeArgs;
pub(super) use help::{EXAMPLES, MORE};
pub(crate) use values::{Address, OrOff, PlainAddress};

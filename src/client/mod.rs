//! What the verbs `get`, `put` and `send` run.

mod escape;
mod exit_code;
mod get;
mod outgoing;
mod redirect;
mod report;
mod run;
mod session;
mod target;
mod verbose;

pub(crate) use run::{get, put, send};

//! What the verbs `get`, `put` and `send` run.

mod defaults;
mod escape;
mod exit_code;
mod get;
mod outgoing;
mod put;
mod redirect;
mod report;
mod run;
mod send;
mod session;
mod target;
mod upload;
mod verbose;

pub(crate) use run::{get, put, send};

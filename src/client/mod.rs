//! What the verbs `get`, `put` and `send` run.

mod console;
mod defaults;
mod dump;
mod escape;
mod exit_code;
mod get;
mod json;
mod outgoing;
mod progress;
mod put;
mod redirect;
mod refusal;
mod report;
mod retry;
mod run;
mod send;
mod session;
mod target;
mod upload;
mod verbose;

pub(crate) use run::{get, put, send};

//! What the verbs `get`, `put` and `send` run.

mod console;
mod defaults;
mod dump;
mod escape;
mod exit_code;
mod fields;
mod get;
mod json;
mod outgoing;
mod output;
mod progress;
mod put;
mod redirect;
mod refusal;
mod report;
mod retry;
mod run;
mod send;
mod session;
mod settings;
mod target;
mod upload;
mod verbose;

pub(crate) use run::{get, put, send};

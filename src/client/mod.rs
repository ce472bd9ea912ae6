//! What the verbs `get`, `put` and `send` run. `check` uses how this connects and prints.

pub(crate) mod console;
mod defaults;
mod dump;
pub(crate) mod escape;
mod exit_code;
mod fields;
mod get;
mod interrupt;
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

pub(crate) use self::{
    run::{get, put, send},
    session::Setup,
    settings::connector,
};

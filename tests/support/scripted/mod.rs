//! Servers that follow a script, for clients to be tested against: exact bytes, and any way to end them.

mod answer;
mod frames;
mod requests;
mod script;
mod server;
mod stream;

pub(crate) use self::{
    answer::Answer,
    frames::{END_STREAM, Frames},
    requests::http1_requests,
    script::Step,
    server::{Listening, Scripted, Security},
};

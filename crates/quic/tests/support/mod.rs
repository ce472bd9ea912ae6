//! Connections over loopback, and both ways to put h3 on them.

mod adapter;
mod endpoints;
mod raw;
mod receive;
mod seen;

pub(crate) use self::{
    adapter::{Adapter, Ours, Plain, Server},
    endpoints::{connect, connect_with},
    raw::{Raw, post},
    receive::{Received, accept, read, receive, serve, serve_one},
    seen::{assert_closed, code, fault},
};

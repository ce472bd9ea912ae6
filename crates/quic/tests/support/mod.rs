//! Connections over loopback, and both ways to put h3 on them.

mod adapter;
mod endpoints;
mod raw;

pub(crate) use self::{
    adapter::{Adapter, Ours, Plain},
    endpoints::connect,
    raw::{Raw, data, frame, headers, literal},
};

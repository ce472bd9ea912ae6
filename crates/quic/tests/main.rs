//! What h3 (0.0.8) leaves open on h3-quinn (0.0.10), each in a test that begins with `plain_h3`, and beside it what it is on
//! the adapter.

mod bounds;
mod content;
mod dropped;
mod fields;
mod length;
mod messages;
mod shares;
mod shutdown;
mod stopped;
mod support;

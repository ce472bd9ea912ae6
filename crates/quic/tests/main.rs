//! What h3 (0.0.8) on h3-quinn (0.0.10) leaves open, and what it is with the adapter.

mod messages;
mod support;

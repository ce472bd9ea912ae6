//! `get`: downloads, and says whether what arrived is what was sent.

mod download;
mod sink;

pub(super) use download::get;

//! What must hold of any bytes that a client sends, for `fuzz/`: each function panics if it does not.

pub use crate::tcp::fuzzing::{begins_with_pseudo_header, chunked_framing, first_bytes, http2_frames};

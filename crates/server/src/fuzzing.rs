//! Properties that hold for any bytes that a client sends, for `fuzz/`. Each function panics if its property does not
//! hold.

pub use crate::client_address::fuzzing::{forged_fields, proxy_header};
pub use crate::tcp::fuzzing::{begins_with_pseudo_header, chunked_framing, first_bytes, http2_frames};

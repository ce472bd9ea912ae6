//! Code that the peers and the client share.

pub mod clock;
pub mod cores;
pub mod listen;
pub mod response;
pub mod router;
pub mod tls;
pub mod work;

/// The trailer field's name.
pub const TRAILER_NAME: &str = "chunky-trailer";

/// The trailer field's value.
pub const TRAILER_VALUE: &str = "foo";

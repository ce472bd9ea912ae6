//! Message heads and sections, from one generation of `http` to the other. This module depends on no other.

pub(crate) mod head;
pub(crate) mod host;

pub(crate) use self::head::{
    BadFields, BadHead, LastAuthority, Unsendable, check_received, reuse_trailers, to_new, to_old,
};

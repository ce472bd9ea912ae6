//! Message heads and sections, from one generation of `http` to the other. This module depends on no other.

mod copies;
pub(crate) mod head;
pub(crate) mod host;
mod names;
mod spare;

pub(crate) use self::head::{
    BadFields, BadHead, LastAuthority, Unsendable, check_received, reuse_trailers, to_new, to_old,
};

//! Message heads and sections from one generation of `http` to the other. It knows no other room.

mod copies;
pub(crate) mod head;
pub(crate) mod host;
mod names;

pub(crate) use self::head::{BadFields, BadHead, LastAuthority, Unsendable, received_fields, to_new, to_old};

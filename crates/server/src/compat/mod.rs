//! Message heads and sections from one generation of `http` to the other. It knows no other room.

pub(crate) mod head;
pub(crate) mod host;

pub(crate) use self::head::{BadFields, BadHead, LastAuthority, Unsendable, received_fields, to_new, to_old};

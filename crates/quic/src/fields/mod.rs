//! What a field section reveals without decoding its values ([RFC 9204 §4.5](https://www.rfc-editor.org/rfc/rfc9204#section-4.5)).

mod connection;
mod name;
mod scan;
mod section;

pub use self::connection::check_fields;
pub(crate) use self::section::{Section, check};

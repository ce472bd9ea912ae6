//! Protocol syntax that `http` leaves to its users: list elements, tokens, whitespace around values
//! ([RFC 9110 §5.5 and §5.6](https://www.rfc-editor.org/rfc/rfc9110#section-5.5)), protocol names, and hosts.

mod host;
mod list;
mod protocol_name;
mod token;

pub use self::{
    host::host_and_port,
    list::list_elements,
    protocol_name::protocol_name,
    token::{has_outer_whitespace, is_lowercase_token, is_tchar, without_outer_whitespace},
};
pub(crate) use self::{list::line_elements, token::is_lowercase_tchar};

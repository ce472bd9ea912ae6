//! The syntax of fields, where `http` leaves it open: list elements, tokens and whitespace
//! ([RFC 9110 §5.5 and §5.6](https://www.rfc-editor.org/rfc/rfc9110#section-5.5)).

mod list;
mod token;

pub use self::{
    list::elements,
    token::{has_outer_whitespace, is_lowercase_token, is_tchar, without_outer_whitespace},
};

//! Fields from one generation of `http` to the other, with few allocations. axum-trailers-server converts the
//! heads of axum 0.6 with the same parts; they are no public API.

mod cached_names;
mod copies;
mod fields;
pub mod spare;

pub(super) use self::fields::{method_1, name_1, name_02, status_1, status_02, value_1, value_02, version_1};
pub use self::{
    cached_names::{newer, older},
    copies::Copies,
    fields::{ConversionError, to_1, to_1_with_room, to_02},
};

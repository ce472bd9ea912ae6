//! Verification of a response's content and end, around any body.

mod body;
mod evidence;
mod verification;

pub use self::{
    body::{VerifiedBody, VerifyError},
    verification::{Prefix, Verification},
};

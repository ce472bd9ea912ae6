//! What a transfer came to: [`Verdict`], and the reasons in it.

mod cut;
mod digest_source;
mod sender_failure;
#[expect(clippy::module_inception, reason = "one file per type")]
mod verdict;

pub use self::{
    cut::Cut,
    digest_source::{DigestSource, Place},
    sender_failure::SenderFailure,
    verdict::{Missing, Verdict},
};

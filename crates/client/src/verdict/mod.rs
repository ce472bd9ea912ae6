//! What a transfer came to: [`Verdict`], and the reasons in it.

mod cut;
#[cfg(feature = "http3")]
mod cut_http3;
mod digest_source;
mod error_code;
mod missing;
mod no_digest;
mod printable;
mod sender_failure;
#[expect(clippy::module_inception, reason = "one file per type")]
mod verdict;

#[doc(hidden)]
pub use self::printable::is_harmful;
pub use self::{
    cut::Cut,
    digest_source::{DigestSource, Place},
    error_code::ErrorCode,
    missing::Missing,
    no_digest::{NoDigest, NotCompared},
    sender_failure::SenderFailure,
    verdict::Verdict,
};
pub(crate) use self::{printable::Printable, sender_failure::GRPC_STATUS};

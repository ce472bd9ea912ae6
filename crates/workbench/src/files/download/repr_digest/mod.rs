//! `Repr-Digest` ([RFC 9530 §3](https://www.rfc-editor.org/rfc/rfc9530#section-3)) for responses that send only a part
//! of a file: a header field if the digest is known, or else a trailer field that is computed during the transfer.

mod body;
mod identity;
mod known;
mod remember;
mod running;
mod wanted;

pub(super) use self::{identity::Identity, wanted::WantedDigest};
pub(crate) use self::{known::ReprDigests, remember::remember};
use self::{remember::Remember, running::Pending};

//! `Repr-Digest` ([RFC 9530 §3](https://www.rfc-editor.org/rfc/rfc9530#section-3)) of a file of which only a part is sent:
//! a header field if the digest is known, else a trailer field that is computed meanwhile.

mod body;
mod identity;
mod known;
mod remember;
mod running;
mod wanted;

pub(super) use self::{identity::Identity, wanted::WantedDigest};
pub(crate) use self::{known::ReprDigests, remember::remember};
use self::{remember::Remember, running::Pending};

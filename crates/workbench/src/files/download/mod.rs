//! `GET /files/…`: a file, a part of it, or the response that the client's copy is current.

mod content;
mod date;
mod etag;
#[cfg(any(test, fuzzing))]
#[cfg_attr(not(fuzzing), expect(unreachable_pub, reason = "fuzz/ alone reaches it"))]
pub(crate) mod fuzzing;
mod handler;
mod multipart;
mod precondition;
mod range;
mod repr_digest;
mod representation;
mod version;

pub(crate) use self::{
    handler::download,
    precondition::{Access, Current, Preconditions, Validators, Verdict, precondition_failed},
    repr_digest::{ReprDigests, remember},
};

//! For authors of servers and of layers: what becomes of trailers between a response's body and the wire.
//!
//! A server that carries the trailers of this crate's bodies does four things with each response:
//!
//! 1. If the client takes none ([`Acceptance`]), or there is no content for them to follow ([`has_content`]), it leaves the
//!    trailers and the `Trailer` field out.
//! 2. It reads the `Trailer` field with [`Announced::settle`], and compares the section that arrives with it.
//! 3. It looks for a [`FailureMark`] in the response's extensions, and [watches](FailureMark::watch) it: such a body may
//!    end well and still report a failure in its trailers.
//! 4. It keeps the trailers of a request within [`TrailerLimits`], for instance with [`Trailers::received`], and leaves the
//!    limits in the request's extensions.
//!
//! [`Acceptance`]: super::Acceptance
//! [`TrailerLimits`]: super::TrailerLimits
//! [`Trailers::received`]: super::Trailers::received

mod announced;
mod content;
mod failure;
mod protocol_name;

#[cfg(test)]
pub(crate) use self::failure::read_as_server;
pub use self::{
    announced::Announced, content::has_content, failure::FailureMark, protocol_name::protocol_name,
};
pub use super::received::section_size;

//! For authors of servers and layers: how a server sends the trailers of this crate's bodies and never makes a failed
//! response look complete.
//!
//! **For a request** it
//!
//! 1. decides [`Acceptance`] before anything removes `TE`, and inserts it into the request's extensions;
//! 2. refuses a trailer section that exceeds its [`TrailerLimits`], and inserts these into the extensions for the
//!    extractors.
//!
//! It also inserts a [`ConnectionInfo`], for applications, layers and log lines that depend on the client or its connection.
//!
//! **For the head of a response** it
//!
//! 3. sends no trailers and removes the `Trailer` field if there is no content that they could follow ([`has_content`])
//!    or the client accepts none; otherwise it settles that field ([`Declared::settle`]);
//! 4. removes the digests that [`DigestedCodings::outdated`] names from the head, and later from the trailer section;
//! 5. removes `Content-Length` if trailers are announced or there is a [`FailureMark`]: over HTTP/1.1 trailers need the
//!    chunked coding ([RFC 9112 §7.1.2](https://www.rfc-editor.org/rfc/rfc9112#section-7.1.2)), and many HTTP libraries
//!    stop polling a body of known length after its last byte;
//! 6. [watches](FailureMark::watch) the mark, if there is one.
//!
//! **At the end of the body** it
//!
//! 7. cuts the transfer if the mark is set and the section it sends lacks the mark's fields, or it sends no section;
//! 8. looks for [`ProducerError::FailedWithTrailers`] among the sources of a body's error: it may send those trailers
//!    instead of cutting the transfer.
//!
//! If the response's extensions contain a [`ResponseObserver`], the server also reports to it what it sends. If they
//! contain [`RunsWhenPolled`], it need not wait for a task before it sends the head. [`BreakConnection`] and
//! [`FramingOverride`] make a server that obeys them send what it otherwise never does, to test clients and proxies.
//!
//! ```
//! use axum_trailers::trailers::{
//!     Acceptance, Declared,
//!     server::{FailureMark, has_content},
//! };
//! use http::{HeaderMap, Request, Response, header};
//!
//! struct Plan {
//!     sends_trailers: bool,
//!     failure: Option<FailureMark>,
//! }
//!
//! /// Steps 3, 5 and 6.
//! fn begin<Q, B>(request: &Request<Q>, response: &mut Response<B>) -> Plan {
//!     let sends_trailers = Acceptance::from_request(request).is_accepted()
//!         && has_content(request.method().as_str(), response.status());
//!     let failure = response.extensions().get::<FailureMark>().cloned();
//!     let headers = response.headers_mut();
//!     if !sends_trailers {
//!         headers.remove(header::TRAILER);
//!     }
//!     if !Declared::settle(headers).is_empty() || failure.is_some() {
//!         headers.remove(header::CONTENT_LENGTH);
//!     }
//!     failure.iter().for_each(FailureMark::watch);
//!     Plan { sends_trailers, failure }
//! }
//!
//! /// Step 7. An error cuts the transfer.
//! fn end(plan: &Plan, mut section: HeaderMap) -> Result<HeaderMap, &'static str> {
//!     if !plan.sends_trailers {
//!         section.clear();
//!     }
//!     match &plan.failure {
//!         Some(mark) if mark.is_set() && !mark.is_reported_in(&section) => Err("the failure can't be reported"),
//!         _ => Ok(section),
//!     }
//! }
//! ```
//!
//! [`Acceptance`]: super::Acceptance
//! [`Declared::settle`]: super::Declared::settle
//! [`TrailerLimits`]: super::TrailerLimits
//! [`ProducerError::FailedWithTrailers`]: crate::body::ProducerError::FailedWithTrailers

mod break_connection;
mod connection_info;
mod content;
mod digested;
mod failure;
mod forbidden_trailers;
mod framing_override;
mod observer;
mod runs_when_polled;
mod withheld;

pub(crate) use self::failure::{Mark, Marked};
pub use self::{
    break_connection::{BreakConnection, BreakImpossible, BreakKind, BreakPoint},
    connection_info::{ConnectionInfo, Framing},
    content::has_content,
    digested::DigestedCodings,
    failure::FailureMark,
    forbidden_trailers::ForbiddenTrailers,
    framing_override::{FramingOverride, LengthOverride, OverrideImpossible, TrailerOverride},
    observer::{Observe, Outcome, ResponseObserver},
    runs_when_polled::RunsWhenPolled,
    withheld::TrailersWithheld,
};
pub use super::received::section_size;

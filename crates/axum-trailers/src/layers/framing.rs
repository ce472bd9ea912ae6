use crate::{
    compat::{Fields, Request, ResponseHead, SplitBody},
    layers::hidden_length::LengthPlan,
    trailers::{Acceptance, Declared},
};
use http::{Version, header};

/// Whether a response can have trailers, and what that takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TrailerFraming {
    is_accepted: bool,
    /// Over HTTP/1.1 a length rules out trailers, since they need the chunked coding
    /// ([RFC 9112 §7.1.2](https://www.rfc-editor.org/rfc/rfc9112#section-7.1.2)). Over HTTP/2 curl (7.88) stops reading
    /// at the last byte of a known length and never shows them. A server that has decided the [`Acceptance`] takes
    /// care of both; axum-trailers-server also does so over HTTP/2 without storing a decision.
    needs_unknown_length: bool,
}

impl TrailerFraming {
    pub(super) fn of_response_to<R: Request>(request: &R) -> Self {
        let is_accepted = Acceptance::from_request(request).is_accepted();
        let is_undecided = Acceptance::decided(request).is_none();
        let needs_unknown_length = is_accepted
            && is_undecided
            && (request.version() < Version::HTTP_2 || R::HIDES_LENGTH_OVER_HTTP2);
        Self { is_accepted, needs_unknown_length }
    }

    pub(super) fn is_accepted(self) -> bool {
        self.is_accepted
    }

    /// Announces trailers in the head of a response, and makes the length of its body unknown if they need that. Returns
    /// what is to be done with that length.
    pub(super) fn announce(
        self,
        trailers: &Declared,
        head: &mut impl ResponseHead,
        body: &impl SplitBody,
    ) -> LengthPlan {
        trailers.write(head.fields_mut());
        if !self.needs_unknown_length {
            return LengthPlan::Kept;
        }
        let promised = content_length(head.fields()).or_else(|| body.size_hint().exact());
        head.fields_mut().unset(&header::CONTENT_LENGTH);
        LengthPlan::hidden(promised)
    }
}

fn content_length(fields: &impl Fields) -> Option<u64> {
    let length = fields.only_value(&header::CONTENT_LENGTH)?;
    // `parse` also accepts a sign.
    let is_number = length.as_bytes().iter().all(u8::is_ascii_digit);
    if is_number { length.to_str().ok()?.parse().ok() } else { None }
}

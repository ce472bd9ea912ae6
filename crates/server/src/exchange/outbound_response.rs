//! A response on its way to hyper: whether its trailers and its length are sent.

use super::{
    ending::Failure,
    exchange::Exchange,
    problems,
    request_fault::FaultCell,
    request_id::X_REQUEST_ID,
    response_body::{Failures, Length, ResponseBody, TrailerPlan},
    section_limit::SectionTooLarge,
};
use crate::{compat::head, connection::SharedBody};
use axum::{body, response::Response};
use axum_trailers::{
    hints::Relayed,
    trailers::{
        Declared,
        server::{DigestedCodings, FailureMark, ResponseObserver, TrailersWithheld, has_content},
    },
};
use http::{
    HeaderMap, HeaderName, StatusCode, Version,
    header::{self, Entry},
};
use http_02::Extensions;

/// A response of the router on its way to hyper.
pub(crate) struct OutboundResponse {
    response: Response,
    exchange: Exchange,
    /// Whether it replaces a response that can't be sent.
    is_instead: bool,
}

impl OutboundResponse {
    pub(crate) fn new(response: Response, exchange: Exchange) -> Self {
        let response = if response.status().is_informational() {
            let instead = problems::not_final(response.status());
            replace(response, instead)
        } else {
            response
        };
        Self { response, exchange, is_instead: false }
    }

    /// An error resets the stream.
    pub(crate) fn into_hyper(
        self,
        fault: FaultCell,
    ) -> Result<http::Response<ResponseBody>, SectionTooLarge> {
        let Self { response, mut exchange, is_instead } = self;
        let (mut head, body) = response.into_parts();
        if let Some(observer) = head.extensions.remove() {
            exchange.observed_by(observer);
        }
        let (mut sent, id) = match head::response(&head, exchange.id().to_copy()) {
            Ok(sent) => sent,
            Err(error) => {
                let instead = exchange.in_span(|| problems::unsendable(&error));
                return Self::instead(instead, exchange);
            }
        };
        let has_content = has_content(exchange.method().as_str(), sent.status());
        let body = if has_content { body } else { body::boxed(http_body_04::Empty::new()) };
        let body = SharedBody::new(body);
        if [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED].contains(&sent.status()) {
            // axum sets the length of the empty body. A 204 must not have one, and in a 304 it would be the length of
            // the representation (RFC 9110 §8.6).
            sent.headers_mut().remove(header::CONTENT_LENGTH);
        }
        let mark = head.extensions.get::<FailureMark>().cloned();
        if let Some(mark) = mark.as_ref().filter(|_| exchange.version() >= Version::HTTP_2) {
            mark.leave_out_optional(sent.headers_mut());
        }
        let (plan, withholds) = plan_trailers(&exchange, sent.headers_mut(), &head.extensions, &body);
        // The trailers may report a failure, whether or not they can be sent.
        let may_follow = match &plan {
            TrailerPlan::Sent { announced, .. } => !announced.is_empty(),
            TrailerPlan::Withheld { announced } => *announced && !body.knows_its_size(),
        };
        let gives_way = may_follow || mark.is_some();
        let length = if has_content { plan_length(gives_way, sent.headers_mut()) } else { Length::Unknown };
        match sent.headers_mut().entry(X_REQUEST_ID) {
            Entry::Vacant(place) => drop(place.insert(exchange.id().clone().into_field_value(id))),
            Entry::Occupied(own) => exchange.use_id(own.get()),
        }
        if let Err(error) = SectionTooLarge::check_headers(exchange.connection(), sent.headers()) {
            if is_instead {
                exchange.failed(Failure::SectionTooLarge, &error);
                return Err(error);
            }
            let instead = exchange.in_span(|| problems::too_large(&error));
            return Self::instead(instead, exchange);
        }
        let is_unframed = has_content
            && !length.is_complete_with(&body)
            && !sent.headers().contains_key(header::CONTENT_LENGTH);
        if is_unframed && exchange.version() < Version::HTTP_11 && !exchange.connection().can_reset() {
            let instead = exchange.in_span(problems::needs_http11);
            return Self::instead(instead, exchange);
        }
        let is_chunked = is_unframed && exchange.version() == Version::HTTP_11;
        exchange.answered(&sent, &head.extensions, is_chunked);
        if withholds && has_content {
            exchange.withheld_trailers();
        }
        mark.iter().for_each(FailureMark::watch);
        head::reuse_response(head);
        let failures = Failures { fault, mark };
        Ok(sent.map(|()| ResponseBody::new(body, exchange, plan, length, failures)))
    }

    fn instead(
        response: Response,
        exchange: Exchange,
    ) -> Result<http::Response<ResponseBody>, SectionTooLarge> {
        Self { is_instead: true, ..Self::new(response, exchange) }.into_hyper(FaultCell::default())
    }
}

/// Returns a response that is sent instead of the application's, for the same observer.
pub(crate) fn replace(mut response: Response, mut instead: Response) -> Response {
    if let Some(observer) = response.extensions_mut().remove::<ResponseObserver>() {
        instead.extensions_mut().insert(observer);
    }
    instead
}

/// Removes the digests that a layer further out has invalidated by encoding the content. Returns their names.
fn take_outdated(headers: &mut HeaderMap, extensions: &Extensions) -> Vec<HeaderName> {
    let Some(digested) = extensions.get::<DigestedCodings>() else {
        return Vec::new();
    };
    let outdated: Vec<_> = digested.outdated(headers).cloned().collect();
    for name in &outdated {
        tracing::warn!(
            %name,
            "digest omitted: another layer encoded the content after ContentDigestLayer, which must be the \
             outer of the two"
        );
        headers.remove(name);
    }
    if !outdated.is_empty() {
        let announced = Declared::read(headers);
        headers.remove(header::TRAILER);
        let still = announced.iter().filter(|name| !outdated.iter().any(|outdated| outdated == *name));
        Declared::new(still).expect("they were checked").write(headers);
    }
    outdated
}

/// Decides what happens to the trailers, and whether some are withheld. Rewrites `Trailer` without names that can't
/// follow.
fn plan_trailers(
    exchange: &Exchange,
    headers: &mut HeaderMap,
    extensions: &Extensions,
    body: &SharedBody,
) -> (TrailerPlan, bool) {
    let outdated = take_outdated(headers, extensions);
    if exchange.acceptance().is_accepted() && !body.is_end_stream() {
        let announced = Declared::settle(headers);
        let are_relayed = extensions.get::<Relayed>().is_some();
        return (TrailerPlan::Sent { announced, outdated, are_relayed }, false);
    }
    let announced = headers.remove(header::TRAILER).is_some();
    (TrailerPlan::Withheld { announced }, announced || extensions.get::<TrailersWithheld>().is_some())
}

fn plan_length(gives_way: bool, headers: &mut HeaderMap) -> Length {
    match content_length(headers) {
        // For hyper, a body of known length is complete at its last byte, and a failure after it goes unnoticed. Over
        // HTTP/1.1 trailers can only follow chunks (RFC 9112 §7.1.2). Over HTTP/2 they could follow a body of known
        // length, but curl (7.88) stops reading at its last byte and never shows them.
        Some(length) if gives_way => {
            headers.remove(header::CONTENT_LENGTH);
            Length::Enforced(length)
        }
        Some(length) => Length::Advertised(length),
        None => Length::Unknown,
    }
}

/// axum's router sets it for every body of known length.
fn content_length(headers: &HeaderMap) -> Option<u64> {
    let length = headers.get(header::CONTENT_LENGTH)?.to_str().ok()?;
    // `parse` also accepts a sign.
    let is_number = length.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { length.parse().ok() } else { None }
}

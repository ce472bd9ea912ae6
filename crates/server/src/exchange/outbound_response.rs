//! A response on its way to hyper: whether its trailers and its length are sent.

use super::{
    app_response::{AppResponse, Notes},
    ending::Failure,
    exchange::Exchange,
    overrides::{NoResponse, break_at_head},
    problems,
    request_fault::FaultCell,
    request_id::X_REQUEST_ID,
    response_body::ResponseBody,
    response_plan::{Failures, Length, TrailerPlan},
    section_limit::SectionTooLarge,
    sendable::{length, prepare_head},
};
use crate::connection::{AppBody, SharedBody};
use axum_trailers::trailers::{
    Declared,
    server::{DigestedCodings, FailureMark, LengthOverride, has_content},
};
use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Response, StatusCode, Version,
    header::{self, Entry},
};
use http_body_util::Empty;

/// A response of the application on its way to hyper.
pub(crate) struct OutboundResponse {
    response: AppResponse,
    exchange: Exchange,
    /// Whether it ends its HTTP/1.1 connection.
    ends_connection: bool,
    /// Whether it replaces a response that can't be sent.
    is_instead: bool,
}

impl OutboundResponse {
    pub(crate) fn new(response: AppResponse, exchange: Exchange, ends_connection: bool) -> Self {
        let response = if response.status.is_informational() {
            let instead = problems::not_final(response.status);
            response.replaced_by(instead)
        } else {
            response
        };
        Self { response, exchange, ends_connection, is_instead: false }
    }

    /// An error resets the stream.
    pub(crate) fn into_hyper(self, fault: FaultCell) -> Result<Response<ResponseBody>, NoResponse> {
        let Self { response, mut exchange, ends_connection, is_instead } = self;
        let AppResponse { status, mut headers, mut notes, body } = response;
        if let Some(observer) = notes.observer.take() {
            exchange.observed_by(observer);
        }
        if let Err(error) = prepare_head(&mut headers) {
            body.discard();
            let instead = exchange.in_span(|| problems::unsendable(&error));
            return Self::instead(instead, exchange, ends_connection);
        }
        if ends_connection {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        let has_content = has_content(exchange.method().as_str(), status);
        notes.overrides = notes.overrides.possible(&exchange, has_content);
        if let Some(asked) = notes.overrides.at_head() {
            body.discard();
            return Err(break_at_head(&mut exchange, asked).into());
        }
        let body = if has_content {
            body
        } else {
            body.discard();
            AppBody::of_http_1(Empty::new())
        };
        let body = SharedBody::new(body);
        if [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED].contains(&status) {
            // axum sets the length of the empty body. A 204 must not have one, and in a 304 it would be the length of
            // the representation (RFC 9110 §8.6).
            headers.remove(header::CONTENT_LENGTH);
        }
        if let Some(mark) = notes.mark.as_ref().filter(|_| exchange.version() >= Version::HTTP_2) {
            mark.leave_out_optional(&mut headers);
        }
        let (plan, withholds) = plan_trailers(&exchange, &mut headers, &notes, &body);
        // The trailers may report a failure, whether or not they can be sent.
        let may_follow = match &plan {
            TrailerPlan::Sent { announced, .. } => !announced.is_empty(),
            TrailerPlan::Withheld { announced } => *announced && body.exact_size().is_none(),
        };
        let gives_way = may_follow || notes.mark.is_some() || notes.overrides.leaves_out_length();
        let kept = notes.overrides.length();
        let length =
            if has_content { plan_length(gives_way, kept, &mut headers, &body) } else { Length::Unknown };
        match headers.entry(X_REQUEST_ID) {
            Entry::Vacant(place) => {
                let copy = Bytes::copy_from_slice(exchange.id().to_copy());
                place.insert(exchange.id().clone().into_field_value(copy));
            }
            Entry::Occupied(own) => exchange.use_id(own.get()),
        }
        if let Some(alternative) = exchange.connection().alternative() {
            headers.entry(header::ALT_SVC).or_insert_with(|| alternative.clone());
        }
        if let Err(error) = SectionTooLarge::check_headers(exchange.connection(), &headers) {
            if is_instead {
                exchange.failed(Failure::SectionTooLarge, &error);
                return Err(error.into());
            }
            let instead = exchange.in_span(|| problems::too_large(&error));
            return Self::instead(instead, exchange, ends_connection);
        }
        let is_unframed =
            has_content && !length.is_complete_with(&body) && !headers.contains_key(header::CONTENT_LENGTH);
        if is_unframed && exchange.version() < Version::HTTP_11 && !exchange.connection().can_reset() {
            let instead = exchange.in_span(problems::needs_http11);
            return Self::instead(instead, exchange, ends_connection);
        }
        let is_chunked = is_unframed && exchange.version() == Version::HTTP_11;
        let mut sent = Response::new(());
        (*sent.status_mut(), *sent.headers_mut()) = (status, headers);
        exchange.answered(&sent, notes.is_routine, is_chunked);
        if withholds && has_content {
            exchange.withheld_trailers();
        }
        notes.mark.iter().for_each(FailureMark::watch);
        let failures = Failures { fault, mark: notes.mark };
        let breaking = notes.overrides.within(length.promised().or_else(|| body.exact_size()));
        Ok(sent.map(|()| ResponseBody::new(body, exchange, plan, length, failures, breaking)))
    }

    fn instead(
        response: AppResponse,
        exchange: Exchange,
        ends_connection: bool,
    ) -> Result<Response<ResponseBody>, NoResponse> {
        let instead = Self::new(response, exchange, ends_connection);
        Self { is_instead: true, ..instead }.into_hyper(FaultCell::default())
    }
}

/// Removes the digests that a layer further out has invalidated by encoding the content. Returns their names.
fn take_outdated(headers: &mut HeaderMap, digested: Option<&DigestedCodings>) -> Vec<HeaderName> {
    let Some(digested) = digested else {
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
    notes: &Notes,
    body: &SharedBody,
) -> (TrailerPlan, bool) {
    let outdated = take_outdated(headers, notes.digested.as_ref());
    if let Some(delivery) = notes.overrides.delivery(exchange)
        && !body.is_end_stream()
    {
        if notes.overrides.leaves_out_announcement() {
            headers.remove(header::TRAILER);
        }
        let announced = Declared::settle(headers);
        return (TrailerPlan::Sent { announced, outdated, are_relayed: notes.is_relayed, delivery }, false);
    }
    let announced = headers.remove(header::TRAILER).is_some();
    (TrailerPlan::Withheld { announced }, announced || notes.withholds_trailers)
}

fn plan_length(
    gives_way: bool,
    kept: Option<LengthOverride>,
    headers: &mut HeaderMap,
    body: &SharedBody,
) -> Length {
    match headers.get(header::CONTENT_LENGTH).and_then(length).or_else(|| add_length(headers, body)) {
        // For hyper, a body of known length is complete at its last byte, and a failure after it goes unnoticed. Over
        // HTTP/1.1 trailers can only follow chunks (RFC 9112 §7.1.2). Over HTTP/2 they could follow a body of known
        // length, but curl (7.88) stops reading at its last byte and never shows them.
        Some(length) if gives_way && kept.is_none() => {
            headers.remove(header::CONTENT_LENGTH);
            Length::Enforced(length)
        }
        Some(length) if kept == Some(LengthOverride::Short) => Length::AtMost(length),
        Some(length) => Length::Advertised(length),
        None => Length::Unknown,
    }
}

/// Adds the length of a body that has some data and knows how much. axum's router does that too, other services do not.
fn add_length(headers: &mut HeaderMap, body: &SharedBody) -> Option<u64> {
    let length = body.exact_size().filter(|length| *length > 0)?;
    headers.insert(header::CONTENT_LENGTH, length.into());
    Some(length)
}

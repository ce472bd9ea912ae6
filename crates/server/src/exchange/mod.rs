//! One request and its response: the request's content, the response on its way to the client, and what log, span and
//! metrics record about both.

mod access_log;
mod body_failure;
mod content_source;
mod ending;
#[expect(clippy::module_inception, reason = "it is the type of that name")]
mod exchange;
mod outbound_response;
mod pace;
mod pieces;
pub(crate) mod problems;
mod received;
mod rejection;
mod request_content;
mod request_details;
mod request_fault;
mod request_id;
mod response_body;
mod section_limit;
mod span;
mod trailer_section;
mod unread_content;

pub(crate) use self::{
    content_source::{ContentError, ContentSource},
    ending::with_sources,
    exchange::Exchange,
    outbound_response::{OutboundResponse, replace},
    pace::{EXPECTATION, Pace},
    rejection::{reject, reject_head},
    request_content::RequestContent,
    request_fault::{FaultCell, RequestFault},
    response_body::ResponseBody,
    section_limit::SectionTooLarge,
    unread_content::{Reader, UnreadContent},
};

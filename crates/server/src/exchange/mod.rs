//! One request and its response: the request's content, the response on its way to the client, and what log, span and
//! metrics record about both.

mod access_log;
mod app_response;
mod body_failure;
mod content_source;
mod ending;
#[expect(clippy::module_inception, reason = "it is the type of that name")]
mod exchange;
mod first_message;
mod last_bytes;
mod outbound_response;
mod overrides;
mod pace;
mod pieces;
pub(crate) mod problems;
mod received;
mod rejection;
mod request_body;
mod request_content;
mod request_details;
mod request_fault;
mod request_head;
mod request_id;
mod response_body;
mod response_plan;
mod section_limit;
mod sendable;
mod span;
mod trailer_section;
mod unread_content;

pub use self::request_body::RequestBody;
pub(crate) use self::{
    app_response::AppResponse,
    content_source::ContentSource,
    ending::with_sources,
    exchange::Exchange,
    first_message::FirstMessage,
    outbound_response::OutboundResponse,
    overrides::NoResponse,
    pace::EXPECTATION,
    rejection::{reject, reject_head},
    request_content::RequestContent,
    request_fault::FaultCell,
    request_head::{LastAuthority, check_head, take_host_of_target},
    response_body::ResponseBody,
    unread_content::UnreadContent,
};
#[cfg(feature = "axum-06")]
pub(crate) use self::{
    app_response::{Notes, ResponseExtensions},
    request_head::BadHead,
    sendable::Unsendable,
};
#[cfg(feature = "http3")]
pub(crate) use self::{request_content::expects_continue, sendable::length};

//! What is decided about the rest of a response when its header section is sent.

use super::{overrides::Delivery, request_fault::FaultCell};
use crate::connection::SharedBody;
use axum_trailers::trailers::{Declared, server::FailureMark};
use http::{HeaderMap, HeaderName};

/// What happens to the trailers, according to the response head.
pub(crate) enum TrailerPlan {
    /// They are dropped.
    Withheld {
        /// Whether the head announced any.
        announced: bool,
    },
    /// They are sent.
    Sent {
        announced: Declared,
        /// Digests that do not match the bytes that are sent.
        outdated: Vec<HeaderName>,
        /// Whether they come from another message.
        are_relayed: bool,
        delivery: Delivery,
    },
}

/// Failures of a response that its body does not return.
pub(crate) struct Failures {
    /// The fault in the request's content.
    pub(super) fault: FaultCell,
    /// Set if the response's trailers report a failure.
    pub(super) mark: Option<FailureMark>,
}

impl Failures {
    pub(super) fn has_failed(&self) -> bool {
        self.mark.as_ref().is_some_and(FailureMark::is_set)
    }

    /// Whether the field need not follow although it is announced.
    pub(super) fn may_lack(&self, name: &str) -> bool {
        self.mark.as_ref().is_some_and(|mark| mark.may_lack(name))
    }

    /// Whether these trailers report the response's failure, if it failed.
    pub(super) fn are_reported_in(&self, trailers: &HeaderMap) -> bool {
        self.mark.as_ref().is_none_or(|mark| mark.is_reported_in(trailers))
    }
}

/// The content's length according to the response head, in bytes. It is always enforced.
#[derive(Clone, Copy)]
pub(super) enum Length {
    Unknown,
    /// It is sent.
    Advertised(u64),
    /// It is left out in favor of the trailers.
    Enforced(u64),
    /// It is sent, and the content may be shorter.
    AtMost(u64),
}

impl Length {
    pub(super) fn promised(self) -> Option<u64> {
        match self {
            Self::Unknown => None,
            Self::Advertised(length) | Self::Enforced(length) | Self::AtMost(length) => Some(length),
        }
    }

    /// The length in the header section.
    pub(super) fn advertised(self) -> Option<u64> {
        match self {
            Self::Advertised(length) | Self::AtMost(length) => Some(length),
            Self::Unknown | Self::Enforced(_) => None,
        }
    }

    /// Whether the response ends with its header section.
    pub(super) fn is_complete_with(self, body: &SharedBody) -> bool {
        body.is_end_stream() && self.promised().is_none_or(|promised| promised == 0)
    }
}

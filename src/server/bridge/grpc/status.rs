//! How a call ended, as its trailers say it or, where nothing is before them, its header section (`Trailers-Only`).

use crate::trailers::{Declared, FailureMark};
use http::{HeaderMap, HeaderName, HeaderValue};

const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
const GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");

/// Notes that the call failed, where the section says so.
pub(super) fn mark(failure: &FailureMark, section: &HeaderMap) {
    if section.get(GRPC_STATUS).is_some_and(|status| status != "0") {
        failure.set(Declared::none());
    }
}

/// `DEADLINE_EXCEEDED`.
pub(super) fn exceeded() -> HeaderMap {
    HeaderMap::from_iter([
        (GRPC_STATUS, HeaderValue::from_static("4")),
        (GRPC_MESSAGE, HeaderValue::from_static("the deadline is over")),
    ])
}

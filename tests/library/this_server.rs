//! What the server of this project does, with any version of axum.

pub(super) use crate::support::{TestServer, protocols::over_each_protocol};

use h2::Reason;

/// Whether a failure can be reported in trailers. If not, `fail_with_trailers` cuts the transfer.
pub(super) const REPORTS_FAILURES_IN_TRAILERS: bool = true;

/// Whether a response keeps its field `Trailer` if its trailers can't be sent or will not come.
pub(super) const ANNOUNCES_WITHHELD_TRAILERS: bool = false;

/// Whether everything that a body returns before it fails reaches the client. If not, even the header section can be
/// missing: hyper drops what it has not yet written.
pub(super) const SENDS_ALL_BEFORE_A_CUT: bool = true;

/// How an HTTP/2 stream is reset if its body panics: as for every other failure.
pub(super) const RESET_BY_A_PANIC: Reason = Reason::INTERNAL_ERROR;

/// A part of the error that a client gets if a response over HTTP/1.0 is cut.
pub(super) const CUT_OVER_HTTP10: &str = "fatal alert";

/// The most that the server reads from a body ahead of the window, in bytes: docs/performance.md.
pub(super) const AHEAD_OF_THE_WINDOW: usize = 32 * 1024;

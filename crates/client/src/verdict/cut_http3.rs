use super::{Cut, ErrorCode};
use crate::bounds::MOST_SECTION;
use axum_trailers_quic::{Fault, ReceiveError};

impl Cut {
    /// How a message over HTTP/3 has ended early.
    pub(crate) fn of_http3(error: &ReceiveError) -> Self {
        match error {
            ReceiveError::SectionTooLarge { .. } => {
                Self::TooLarge(format!("the trailer section has more than {MOST_SECTION} bytes"))
            }
            ReceiveError::Fault(fault) => Self::of_fault(fault),
            ReceiveError::Reset { code } => Self::Reset { code: ErrorCode::Http3(*code) },
            ReceiveError::Closed { code: Some(code), .. } => Self::GoAway { code: ErrorCode::Http3(*code) },
            ReceiveError::Closed { code: None, .. } | ReceiveError::TimedOut => Self::Closed,
            ReceiveError::Length { expected, received } if received < expected => {
                Self::Short { expected: *expected, received: *received }
            }
            ReceiveError::Length { expected, .. } => Self::Long { expected: *expected },
            ReceiveError::Malformed(reason) => Self::Malformed(reason.clone()),
            other => Self::Failed(other.to_string()),
        }
    }

    fn of_fault(fault: &Fault) -> Self {
        match fault {
            Fault::SectionTooLarge { .. }
            | Fault::FrameTooLarge { .. }
            | Fault::ControlFrameTooLarge { .. }
            | Fault::TooManyFields { .. } => Self::TooLarge(fault.to_string()),
            _ => Self::Malformed(fault.to_string()),
        }
    }
}

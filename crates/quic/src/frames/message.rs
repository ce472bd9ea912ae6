use super::{
    CANCEL_PUSH, DATA, FrameHead, GOAWAY, HEADERS, MAX_PUSH_ID, OF_HTTP2, PUSH_PROMISE, Rules, SETTINGS,
    Treatment,
};
use crate::{
    Bounds, Fault,
    fields::{Section, check},
};

/// The order of the frames of a message ([RFC 9114 §4.1](https://www.rfc-editor.org/rfc/rfc9114#section-4.1)).
#[derive(Debug)]
pub(crate) struct Message {
    /// Whether a server sends it.
    is_response: bool,
    bounds: Bounds,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Before the header section, or after interim responses.
    Head,
    Content,
    /// After the trailer section.
    Ended,
}

impl Message {
    pub(crate) fn request(bounds: Bounds) -> Self {
        Self { is_response: false, bounds, phase: Phase::Head }
    }

    pub(crate) fn response(bounds: Bounds) -> Self {
        Self { is_response: true, bounds, phase: Phase::Head }
    }
}

impl Rules for Message {
    fn begin(&mut self, head: FrameHead) -> Result<Treatment, Fault> {
        let FrameHead { kind, length: bytes, .. } = head;
        let Bounds { section, other } = self.bounds;
        match kind {
            DATA if self.phase == Phase::Content => Ok(Treatment::Stream),
            HEADERS if self.phase == Phase::Ended => Err(Fault::UnexpectedFrame { kind }),
            HEADERS if bytes > section => Err(Fault::SectionTooLarge { bytes, limit: section }),
            HEADERS => Ok(Treatment::Whole),
            PUSH_PROMISE if self.is_response => Err(Fault::PushPromise),
            DATA | CANCEL_PUSH | SETTINGS | PUSH_PROMISE | GOAWAY | MAX_PUSH_ID => {
                Err(Fault::UnexpectedFrame { kind })
            }
            _ if OF_HTTP2.contains(&kind) => Err(Fault::UnexpectedFrame { kind }),
            _ if bytes > other => Err(Fault::FrameTooLarge { kind, bytes, limit: other }),
            _ => Ok(Treatment::Skip),
        }
    }

    fn check(&mut self, _kind: u64, payload: &[u8]) -> Result<(), Fault> {
        let section = match (self.phase, self.is_response) {
            (Phase::Head, false) => Section::Request,
            (Phase::Head, true) => Section::Response,
            _ => Section::Trailers,
        };
        let is_interim = check(section, payload)?;
        self.phase = match self.phase {
            Phase::Head if is_interim => Phase::Head,
            Phase::Head => Phase::Content,
            _ => Phase::Ended,
        };
        Ok(())
    }
}

use super::{CANCEL_PUSH, FrameHead, GOAWAY, MAX_PUSH_ID, OF_HTTP2, Rules, SETTINGS, Treatment};
use super::{DATA, HEADERS, PUSH_PROMISE};
use crate::Fault;

/// What a peer may send on its control stream ([RFC 9114 §6.2.1](https://www.rfc-editor.org/rfc/rfc9114#section-6.2.1)). h3
/// checks the order and the payloads.
#[derive(Debug)]
pub(crate) struct Control {
    /// The largest frame, in bytes.
    limit: u64,
}

impl Control {
    pub(crate) fn new(limit: u64) -> Self {
        Self { limit }
    }
}

impl Rules for Control {
    fn begin(&mut self, head: FrameHead) -> Result<Treatment, Fault> {
        let FrameHead { kind, length: bytes, .. } = head;
        match kind {
            DATA | HEADERS | PUSH_PROMISE => Err(Fault::UnexpectedFrame { kind }),
            _ if OF_HTTP2.contains(&kind) => Err(Fault::UnexpectedFrame { kind }),
            _ if bytes > self.limit => Err(Fault::ControlFrameTooLarge { kind, bytes, limit: self.limit }),
            SETTINGS | GOAWAY | MAX_PUSH_ID | CANCEL_PUSH => Ok(Treatment::Whole),
            _ => Ok(Treatment::Skip),
        }
    }

    fn check(&mut self, _kind: u64, _payload: &[u8]) -> Result<(), Fault> {
        Ok(())
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_requests_and_large_ones_are_refused() {
        let begin = |kind, length| Control::new(100).begin(FrameHead { kind, length, size: 2 });
        for kind in [SETTINGS, GOAWAY, MAX_PUSH_ID, CANCEL_PUSH] {
            assert_eq!(begin(kind, 100), Ok(Treatment::Whole));
            let too_large = Fault::ControlFrameTooLarge { kind, bytes: 101, limit: 100 };
            assert_eq!(begin(kind, 101), Err(too_large));
        }
        for kind in [DATA, HEADERS, PUSH_PROMISE, 2, 6, 8, 9] {
            assert_eq!(begin(kind, 0), Err(Fault::UnexpectedFrame { kind }));
        }
        // `PRIORITY_UPDATE`, and one that means nothing.
        for kind in [0xf_0700, 0x21] {
            assert_eq!(begin(kind, 100), Ok(Treatment::Skip));
            assert!(begin(kind, 1 << 30).is_err());
        }
    }
}

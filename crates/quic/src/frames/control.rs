use super::{CANCEL_PUSH, FrameHead, GOAWAY, MAX_PUSH_ID, OF_HTTP2, Rules, SETTINGS, Treatment};
use super::{DATA, HEADERS, PUSH_PROMISE, varint};
use crate::Fault;
use quinn::Side;

/// What a peer may send on its control stream ([RFC 9114 §6.2.1](https://www.rfc-editor.org/rfc/rfc9114#section-6.2.1)). h3
/// checks what it gets.
///
/// It gets no `GOAWAY` of a client, which ends server push, and there is none. h3's `accept()` would respond with a `GOAWAY` that
/// excludes the last request, so the client could repeat what was served.
#[derive(Debug)]
pub(crate) struct Control {
    /// Of those who receive it.
    side: Side,
    /// The largest frame, in bytes.
    limit: u64,
    has_settings: bool,
    /// The id of a client's last `GOAWAY`.
    goaway: Option<u64>,
}

impl Control {
    pub(crate) fn new(side: Side, limit: u64) -> Self {
        Self { side, limit, has_settings: false, goaway: None }
    }

    /// A later `GOAWAY` must not have a larger id ([RFC 9114 §5.2](https://www.rfc-editor.org/rfc/rfc9114#section-5.2)).
    fn check_goaway(&mut self, payload: &[u8]) -> Result<(), Fault> {
        let id = match varint(payload) {
            Some((id, size)) if size == payload.len() => id,
            _ => return Err(Fault::MalformedFrame { kind: GOAWAY }),
        };
        if self.goaway.replace(id).is_some_and(|before| before < id) {
            return Err(Fault::LargerGoaway);
        }
        Ok(())
    }
}

impl Rules for Control {
    fn begin(&mut self, head: FrameHead) -> Result<Treatment, Fault> {
        let FrameHead { kind, length: bytes, .. } = head;
        match kind {
            DATA | HEADERS | PUSH_PROMISE => Err(Fault::UnexpectedFrame { kind }),
            _ if OF_HTTP2.contains(&kind) => Err(Fault::UnexpectedFrame { kind }),
            // h3 would not hear of those that it does not get.
            _ if kind != SETTINGS && !self.has_settings => Err(Fault::MissingSettings),
            _ if bytes > self.limit => Err(Fault::ControlFrameTooLarge { kind, bytes, limit: self.limit }),
            SETTINGS | GOAWAY | MAX_PUSH_ID | CANCEL_PUSH => {
                self.has_settings = true;
                Ok(Treatment::Whole)
            }
            _ => Ok(Treatment::Skip),
        }
    }

    fn check(&mut self, kind: u64, payload: &[u8]) -> Result<bool, Fault> {
        if (self.side, kind) != (Side::Server, GOAWAY) {
            return Ok(true);
        }
        self.check_goaway(payload).map(|()| false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_requests_and_large_ones_are_refused() {
        let begin = |kind, length| {
            let mut control = Control { has_settings: true, ..Control::new(Side::Server, 100) };
            control.begin(FrameHead { kind, length, size: 2 })
        };
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

    #[test]
    fn settings_come_first() {
        let head = |kind| FrameHead { kind, length: 0, size: 2 };
        for kind in [GOAWAY, MAX_PUSH_ID, CANCEL_PUSH, 0x21] {
            let mut control = Control::new(Side::Server, 100);
            assert_eq!(control.begin(head(kind)), Err(Fault::MissingSettings));
            assert_eq!(control.begin(head(SETTINGS)), Ok(Treatment::Whole));
            assert!(control.begin(head(kind)).is_ok());
        }
    }

    #[test]
    fn goaway_of_a_client_is_checked_and_not_passed_on() {
        for (payloads, expected) in [
            (&[&[7][..], &[0x40, 7], &[0]][..], Ok(false)),
            (&[&[0], &[1]], Err(Fault::LargerGoaway)),
            (&[&[]], Err(Fault::MalformedFrame { kind: GOAWAY })),
            (&[&[0x40]], Err(Fault::MalformedFrame { kind: GOAWAY })),
            (&[&[0, 0]], Err(Fault::MalformedFrame { kind: GOAWAY })),
        ] {
            let mut control = Control::new(Side::Server, 100);
            let last = payloads.iter().map(|payload| control.check(GOAWAY, payload)).last();
            assert_eq!(last, Some(expected), "{payloads:x?}");
        }
        assert_eq!(Control::new(Side::Client, 100).check(GOAWAY, &[0]), Ok(true));
        assert_eq!(Control::new(Side::Server, 100).check(SETTINGS, &[]), Ok(true));
    }
}

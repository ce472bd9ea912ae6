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

    /// Whether it is a response without a header section, except those of interim responses.
    pub(crate) fn is_no_response(&self) -> bool {
        self.is_response && self.phase == Phase::Head
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

    fn check(&mut self, _kind: u64, payload: &[u8]) -> Result<bool, Fault> {
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
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: &[u8] = &[0, 0, 0xd1, 0xd7, 0xc1];
    /// `:status: 103`, `:status: 200`, and `accept: */*`.
    const INTERIM: &[u8] = &[0, 0, 0xd8];
    const RESPONSE: &[u8] = &[0, 0, 0xd9];
    const TRAILERS: &[u8] = &[0, 0, 0xdd];

    /// The verdict on these frames: their types, and the payloads of the sections.
    fn verdict(mut message: Message, frames: &[(u64, &[u8])]) -> Result<(), Fault> {
        for (kind, payload) in frames {
            let treatment =
                message.begin(FrameHead { kind: *kind, length: payload.len() as u64, size: 2 })?;
            if treatment == Treatment::Whole {
                message.check(*kind, payload)?;
            }
        }
        Ok(())
    }

    #[test]
    fn frames_have_an_order() {
        let unexpected = |kind| Err(Fault::UnexpectedFrame { kind });
        let content = (DATA, &b"content"[..]);
        let unknown = (0x21, &b"?"[..]);
        for (frames, expected) in [
            (&[(HEADERS, REQUEST)][..], Ok(())),
            (&[unknown, (HEADERS, REQUEST), unknown, content, unknown, content], Ok(())),
            (&[(HEADERS, REQUEST), content, (HEADERS, TRAILERS), unknown], Ok(())),
            (&[(HEADERS, REQUEST), (HEADERS, TRAILERS)], Ok(())),
            (&[content], unexpected(DATA)),
            (&[(HEADERS, REQUEST), (HEADERS, TRAILERS), content], unexpected(DATA)),
            (&[(HEADERS, REQUEST), (HEADERS, TRAILERS), (DATA, b"")], unexpected(DATA)),
            (&[(HEADERS, REQUEST), (HEADERS, TRAILERS), (HEADERS, TRAILERS)], unexpected(HEADERS)),
            (&[(HEADERS, REQUEST), (HEADERS, REQUEST)], Err(Fault::PseudoFieldInTrailers)),
        ] {
            assert_eq!(verdict(Message::request(Bounds::default()), frames), expected, "{frames:x?}");
        }
    }

    #[test]
    fn only_responses_have_interim_ones() {
        for (frames, expected) in [
            (&[(HEADERS, INTERIM), (HEADERS, INTERIM), (HEADERS, RESPONSE), (HEADERS, TRAILERS)][..], Ok(())),
            (&[(HEADERS, INTERIM), (DATA, b"")], Err(Fault::UnexpectedFrame { kind: DATA })),
            (&[(HEADERS, RESPONSE), (HEADERS, INTERIM)], Err(Fault::PseudoFieldInTrailers)),
        ] {
            assert_eq!(verdict(Message::response(Bounds::default()), frames), expected, "{frames:x?}");
        }
        let request = verdict(Message::request(Bounds::default()), &[(HEADERS, INTERIM)]);
        assert_eq!(request, Err(Fault::UndefinedPseudoField));
    }

    #[test]
    fn frames_of_other_streams_and_of_http2_are_refused() {
        for kind in [CANCEL_PUSH, SETTINGS, PUSH_PROMISE, GOAWAY, MAX_PUSH_ID, 2, 6, 8, 9] {
            let refused = Err(Fault::UnexpectedFrame { kind });
            assert_eq!(verdict(Message::request(Bounds::default()), &[(kind, b"")]), refused);
            let refused = if kind == PUSH_PROMISE { Err(Fault::PushPromise) } else { refused };
            assert_eq!(verdict(Message::response(Bounds::default()), &[(kind, b"")]), refused);
        }
    }
}

//! Properties that hold for any bytes that a peer sends, for property tests and `fuzz/`.

use crate::{
    Bounds, Fault,
    fields::{Section, check},
    frames::{Control, FrameHead, FrameReader, Message, Rules},
};
use bytes::Bytes;
use quinn::Side;

const BOUNDS: Bounds = Bounds { section: 300, other: 200 };

/// What h3 gets of a request, a response and a control stream does not depend on how the bytes are cut, and it is frames within
/// the bounds.
///
/// # Panics
///
/// If that does not hold.
pub fn frames(bytes: &[u8], step: usize) {
    for message in [Message::request, Message::response] {
        let read = read(message(BOUNDS), bytes, step);
        assert_eq!(read, self::read(message(BOUNDS), bytes, usize::MAX), "in steps of {step}");
        read.check(&[0, 1]);
    }
    for (side, passed) in [(Side::Server, &[3, 4, 0xd][..]), (Side::Client, &[3, 4, 7, 0xd])] {
        let control = || Control::new(side, BOUNDS.other);
        let bytes = &[&[4, 0], bytes].concat();
        let read = read(control(), bytes, step);
        assert_eq!(read, self::read(control(), bytes, usize::MAX), "in steps of {step}");
        read.check(passed);
    }
}

/// The check of a field section ends for any bytes, and one without fields is none of an interim response.
///
/// # Panics
///
/// If that does not hold.
pub fn field_section(encoded: &[u8]) {
    for section in [Section::Request, Section::Response, Section::Trailers] {
        let checked = check(section, encoded);
        if section != Section::Response {
            assert_ne!(checked, Ok(true));
        }
    }
}

/// What h3 gets, and the state at the end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Read {
    pub(crate) passed: Vec<u8>,
    pub(crate) fault: Option<Fault>,
    pub(crate) is_between: bool,
}

pub(crate) fn read(rules: impl Rules, bytes: &[u8], step: usize) -> Read {
    let mut frames = FrameReader::new(rules);
    let mut read = Read { passed: Vec::new(), fault: None, is_between: false };
    for chunk in bytes.chunks(step) {
        let mut chunk = Bytes::copy_from_slice(chunk);
        loop {
            match frames.next(&mut chunk) {
                Ok(Some(part)) => {
                    assert!(!part.is_empty(), "h3 would take it for the end");
                    read.passed.extend(part);
                }
                Ok(None) => break,
                Err(fault) => {
                    read.fault = Some(fault);
                    return read;
                }
            }
        }
        assert!(chunk.is_empty(), "{chunk:?} is left");
    }
    read.is_between = frames.is_between();
    read
}

impl Read {
    fn check(&self, kinds: &[u64]) {
        let mut rest = &self.passed[..];
        while let Some(head) = FrameHead::parse(rest) {
            assert!(kinds.contains(&head.kind), "{head:?}");
            assert!(head.kind != 0 || head.length > 0, "h3 would take it for the end");
            assert!(head.kind == 0 || head.length <= BOUNDS.section, "{head:?}");
            let size = usize::try_from(head.length).unwrap_or(usize::MAX).saturating_add(head.size);
            let Some(behind) = rest.get(size..) else {
                assert!(!self.is_between && head.kind == 0, "{head:?} is cut");
                return;
            };
            rest = behind;
        }
        assert_eq!(rest, b"", "a cut head");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};

    /// An integer in one of its encodings.
    fn integer(value: u16) -> impl Strategy<Value = Vec<u8>> {
        let long = Just([&[0x80, 0][..], &value.to_be_bytes()].concat());
        let longest = Just([&[0xc0, 0, 0, 0, 0, 0][..], &value.to_be_bytes()].concat());
        let short = match u8::try_from(value) {
            Ok(value @ 0..64) => vec![value],
            _ => (0x4000 | value).to_be_bytes().to_vec(),
        };
        prop_oneof![4 => Just(short), 1 => long, 1 => longest]
    }

    fn payload() -> impl Strategy<Value = Vec<u8>> {
        let section = vec(prop_oneof![Just(vec![0xd1]), Just(vec![0xd9]), Just(vec![0xdd])], 0..4)
            .prop_map(|fields| [vec![0, 0], fields.concat()].concat());
        prop_oneof![2 => section, 2 => vec(any::<u8>(), 0..20), 1 => vec(any::<u8>(), 190..310)]
    }

    fn frame() -> impl Strategy<Value = Vec<u8>> {
        let kind = prop_oneof![4 => 0..2_u16, 1 => 2..14_u16, 1 => 0x21..0x50_u16];
        (kind, payload()).prop_flat_map(|(kind, payload)| {
            let length = u16::try_from(payload.len()).expect("short");
            (integer(kind), integer(length))
                .prop_map(move |(kind, length)| [kind, length, payload.clone()].concat())
        })
    }

    /// Frames, or any bytes.
    fn stream() -> impl Strategy<Value = Vec<u8>> {
        let frames = vec(frame(), 0..8).prop_map(|frames| frames.concat());
        let cut = (vec(frame(), 0..8), any::<prop::sample::Index>()).prop_map(|(frames, at)| {
            let frames = frames.concat();
            frames[..at.index(frames.len() + 1)].to_vec()
        });
        prop_oneof![2 => frames, 2 => cut, 1 => vec(any::<u8>(), 0..60)]
    }

    proptest! {
        #[test]
        fn frames_are_the_same_however_they_are_cut(bytes in stream(), step in 1..40_usize) {
            frames(&bytes, step);
        }

        #[test]
        fn any_field_section_is_checked(encoded in vec(any::<u8>(), 0..60)) {
            field_section(&encoded);
        }
    }
}

use anyhow::{Result, ensure};
use axum_trailers_bench_peers::{TRAILER_NAME, TRAILER_VALUE};

/// The trailer's name in the Huffman code of RFC 7541, which HTTP/3 uses as well.
const NAME: &[u8] = &[0x24, 0xf6, 0xd5, 0xd7, 0xd2, 0xc9, 0xb0, 0x66, 0xa0, 0xb6, 0x7f];
const VALUE: &[u8] = &[0x94, 0xe7];

/// An encoded field section. The client announces no dynamic table, so each section can be read alone.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Section<'a> {
    Hpack(&'a [u8]),
    Qpack(&'a [u8]),
}

impl Section<'_> {
    /// Checks that a response's section begins with `:status: 200`, from the static table.
    pub(crate) fn check_status(self) -> Result<()> {
        let (status, ok) = match self {
            // Behind updates of the table's size.
            Self::Hpack(bytes) => (bytes.iter().find(|byte| *byte >> 5 != 0b001), 0x88),
            // Behind the section's prefix.
            Self::Qpack(bytes) => (bytes.get(2), 0xd9),
        };
        ensure!(status == Some(&ok), "the response's status is not 200: {self:02x?}");
        Ok(())
    }

    /// Checks that a trailer section contains the field of all servers.
    pub(crate) fn check_trailer(self) -> Result<()> {
        let (Self::Hpack(bytes) | Self::Qpack(bytes)) = self;
        let has = |plain: &str, coded| contains(bytes, plain.as_bytes()) || contains(bytes, coded);
        ensure!(
            has(TRAILER_NAME, NAME) && has(TRAILER_VALUE, VALUE),
            "the trailer field {TRAILER_NAME}: {TRAILER_VALUE} is missing: the trailers are {self:02x?}"
        );
        Ok(())
    }
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|part| part == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_statuses_are_errors() {
        let right = [
            Section::Hpack(&[0x88]),
            Section::Hpack(&[0x20, 0x3f, 0x88, 0x61]),
            Section::Qpack(&[0, 0, 0xd9, 0xf5]),
        ];
        assert!(right.into_iter().all(|section| section.check_status().is_ok()));
        let wrong = [
            Section::Hpack(&[]),
            Section::Hpack(&[0x8d]),
            Section::Qpack(&[0, 0]),
            Section::Qpack(&[0, 0, 0xdb]),
        ];
        assert!(wrong.into_iter().all(|section| section.check_status().is_err()));
    }

    #[test]
    fn trailer_is_found_plain_and_in_huffman_code() {
        let plain = [b"\0\0\x27\x07chunky-trailer\x03foo".as_slice(), b"\0\0\x27\x07chunky-trailer\x03bar"];
        let coded = [[b"\0\x8b".as_slice(), NAME, b"\x82", VALUE].concat(), [b"\0\x8b", NAME].concat()];
        for [right, wrong] in [plain, [&coded[0], &coded[1]]] {
            assert!(Section::Qpack(right).check_trailer().is_ok());
            assert!(Section::Qpack(wrong).check_trailer().is_err());
        }
    }
}

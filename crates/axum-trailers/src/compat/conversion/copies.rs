use bytes::Bytes;

/// Copies of the parts of a section, such as its values. They share one buffer, which saves allocations. An application
/// that keeps one of them keeps the buffer, whose size the limits of sections bound.
#[derive(Debug)]
pub struct Copies(Bytes);

/// Bytes in a single allocation, with their reference count.
struct Buffer<const SIZE: usize> {
    bytes: [u8; SIZE],
    length: usize,
}

/// Enough for most trailer sections and responses.
const SMALL: usize = 64;
/// Enough for most requests.
const MEDIUM: usize = 512;

impl Copies {
    /// Copies these parts, one after the other.
    pub fn of<'p, P: Iterator<Item = &'p [u8]>>(parts: impl Fn() -> P) -> Self {
        let length = parts().map(<[u8]>::len).sum();
        Self(if length == 0 {
            Bytes::new()
        } else if length <= SMALL {
            Buffer::<SMALL>::filled(parts(), length)
        } else if length <= MEDIUM {
            Buffer::<MEDIUM>::filled(parts(), length)
        } else {
            let mut bytes = Vec::with_capacity(length);
            parts().for_each(|part| bytes.extend_from_slice(part));
            bytes.into()
        })
    }

    /// Takes the next copy, which has this length.
    pub fn next(&mut self, length: usize) -> Bytes {
        self.0.split_to(length)
    }
}

impl<const SIZE: usize> Buffer<SIZE> {
    fn filled<'p>(parts: impl Iterator<Item = &'p [u8]>, length: usize) -> Bytes {
        let mut bytes = [0; SIZE];
        let mut at = 0;
        for part in parts {
            bytes[at..][..part.len()].copy_from_slice(part);
            at += part.len();
        }
        Bytes::from_owner(Self { bytes, length })
    }
}

impl<const SIZE: usize> AsRef<[u8]> for Buffer<SIZE> {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_equal_the_parts_in_any_buffer() {
        let long = "x".repeat(MEDIUM);
        for parts in [&[][..], &["", ""], &["a"], &["", "a", "bc", ""], &[&long], &["a", "", &long, "b"]] {
            for parts in [parts, &[parts, &[&"y".repeat(SMALL)]].concat()] {
                let parts = || parts.iter().map(|part| part.as_bytes());
                let mut copies = Copies::of(parts);
                for part in parts() {
                    assert_eq!(copies.next(part.len()), part);
                }
                assert!(copies.0.is_empty());
            }
        }
    }
}

use bytes::{Bytes, BytesMut};

/// Copies of the values of a section. From [`FEW`] on they share one buffer, so that there is no allocation for each. An
/// application that keeps one of them keeps the buffer, which the limits of sections bound.
pub(super) struct Copies(BytesMut);

/// Fewer values cost as many allocations by themselves.
const FEW: usize = 3;

impl Copies {
    /// Makes room for values of these lengths.
    pub(super) fn of(lengths: impl Iterator<Item = usize>) -> Self {
        let (values, bytes) = lengths.fold((0, 0), |(values, bytes), length| (values + 1, bytes + length));
        Self(if values < FEW { BytesMut::new() } else { BytesMut::with_capacity(bytes) })
    }

    /// Copies the next of them.
    pub(super) fn next(&mut self, value: &[u8]) -> Bytes {
        if self.0.capacity() < value.len() {
            return Bytes::copy_from_slice(value);
        }
        self.0.extend_from_slice(value);
        self.0.split().freeze()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_as_the_values_whether_they_fit_or_not() {
        for values in [&["a"][..], &["", "a", "bc", ""], &["abc", "d", "e"]] {
            let mut copies = Copies::of(values.iter().map(|value| value.len()));
            for value in values.iter().chain(&["more than there is room for"]) {
                assert_eq!(copies.next(value.as_bytes()), value.as_bytes());
            }
        }
    }
}

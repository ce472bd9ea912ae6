use std::hash::{BuildHasher, RandomState};

/// The prefix of a connection's request ids: 16 random hexadecimal digits.
pub(crate) struct ConnectionName([u8; 16]);

impl ConnectionName {
    pub(super) fn at_random() -> Self {
        let random = RandomState::new().hash_one(());
        Self::of(random)
    }

    pub(crate) fn of(number: u64) -> Self {
        let digits = format!("{number:016x}");
        Self(digits.as_bytes().try_into().expect("16 digits"))
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_has_all_digits_and_differs_per_connection() {
        assert_eq!(ConnectionName::of(0x00ab_cdef_0123_4567).as_bytes(), b"00abcdef01234567");
        assert_ne!(ConnectionName::at_random().as_bytes(), ConnectionName::at_random().as_bytes());
    }
}

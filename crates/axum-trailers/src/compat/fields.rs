use super::sealed::Sealed;
use http::{HeaderMap, HeaderName, HeaderValue};

/// A header or trailer section: the `HeaderMap` of either generation.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a `HeaderMap` of an enabled version of `http`",
    label = "`http` 1 always works; `http` 0.2 (axum 0.6) needs the feature `axum-06` of axum-trailers"
)]
pub trait Fields: Sealed {
    /// The values of the field, in order.
    fn values<'f>(&'f self, name: &HeaderName) -> impl Iterator<Item = &'f [u8]> + use<'f, Self>;

    /// Whether it has a field with this lower-case name.
    fn has(&self, name: &str) -> bool;

    /// All field lines.
    fn lines(&self) -> impl Iterator<Item = (&str, &[u8])>;

    /// The value of the field, if it has exactly one.
    fn only_value(&self, name: &HeaderName) -> Option<HeaderValue>;

    /// Replaces the values of the field.
    ///
    /// # Errors
    ///
    /// [`SectionFull`] if it already has about 24,000 names.
    fn set(&mut self, name: &HeaderName, value: &HeaderValue) -> Result<(), SectionFull>;

    /// Appends a value to the field.
    ///
    /// # Errors
    ///
    /// [`SectionFull`] if it already has about 24,000 names.
    fn add(&mut self, name: &HeaderName, value: &HeaderValue) -> Result<(), SectionFull>;

    /// Removes the field.
    fn unset(&mut self, name: &HeaderName);
}

/// Comparing so few names costs less than to parse and hash one.
const FEW: usize = 4;

/// A section holds no more names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the section has too many fields")]
#[non_exhaustive]
pub struct SectionFull;

impl Sealed for HeaderMap {}

#[diagnostic::do_not_recommend]
impl Fields for HeaderMap {
    fn values<'f>(&'f self, name: &HeaderName) -> impl Iterator<Item = &'f [u8]> + use<'f> {
        self.get_all(name).iter().map(HeaderValue::as_bytes)
    }

    fn has(&self, name: &str) -> bool {
        if self.keys_len() <= FEW {
            self.keys().any(|own| own.as_str() == name)
        } else {
            self.contains_key(name)
        }
    }

    fn lines(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.iter().map(|(name, value)| (name.as_str(), value.as_bytes()))
    }

    fn only_value(&self, name: &HeaderName) -> Option<HeaderValue> {
        let mut values = self.get_all(name).iter();
        let first = values.next()?;
        values.next().is_none().then(|| first.clone())
    }

    fn set(&mut self, name: &HeaderName, value: &HeaderValue) -> Result<(), SectionFull> {
        self.try_insert(name, value.clone()).map(drop).map_err(|_full| SectionFull)
    }

    fn add(&mut self, name: &HeaderName, value: &HeaderValue) -> Result<(), SectionFull> {
        self.try_append(name, value.clone()).map(drop).map_err(|_full| SectionFull)
    }

    fn unset(&mut self, name: &HeaderName) {
        self.remove(name);
    }
}

#[cfg(feature = "axum-06")]
mod generation_02 {
    use super::{FEW, Fields, HeaderName, HeaderValue, Sealed, SectionFull};
    use crate::compat::conversion::{name_02, value_1, value_02};
    use http_02::HeaderMap;

    impl Sealed for HeaderMap {}

    #[diagnostic::do_not_recommend]
    impl Fields for HeaderMap {
        fn values<'f>(&'f self, name: &HeaderName) -> impl Iterator<Item = &'f [u8]> + use<'f> {
            self.get_all(name.as_str()).iter().map(http_02::HeaderValue::as_bytes)
        }

        fn has(&self, name: &str) -> bool {
            if self.keys_len() <= FEW {
                self.keys().any(|own| own.as_str() == name)
            } else {
                self.contains_key(name)
            }
        }

        fn lines(&self) -> impl Iterator<Item = (&str, &[u8])> {
            self.iter().map(|(name, value)| (name.as_str(), value.as_bytes()))
        }

        fn only_value(&self, name: &HeaderName) -> Option<HeaderValue> {
            let mut values = self.get_all(name.as_str()).iter();
            let first = values.next()?;
            values.next().is_none().then(|| value_1(first))
        }

        fn set(&mut self, name: &HeaderName, value: &HeaderValue) -> Result<(), SectionFull> {
            // A name that is no token is never set by this crate.
            let name = name_02(name).map_err(|_no_token| SectionFull)?;
            self.try_insert(name, value_02(value)).map(drop).map_err(|_full| SectionFull)
        }

        fn add(&mut self, name: &HeaderName, value: &HeaderValue) -> Result<(), SectionFull> {
            let name = name_02(name).map_err(|_no_token| SectionFull)?;
            self.try_append(name, value_02(value)).map(drop).map_err(|_full| SectionFull)
        }

        fn unset(&mut self, name: &HeaderName) {
            self.remove(name.as_str());
        }
    }
}

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
    /// [`SetError`] if it already has about 24,000 names, or the name is malformed.
    fn set(&mut self, name: &HeaderName, value: &HeaderValue) -> Result<(), SetError>;

    /// Appends a value to the field.
    ///
    /// # Errors
    ///
    /// [`SetError`] if it already has about 24,000 names, or the name is malformed.
    fn add(&mut self, name: &HeaderName, value: &HeaderValue) -> Result<(), SetError>;

    /// Removes the field.
    fn unset(&mut self, name: &HeaderName);
}

/// Comparing so few names costs less than to parse and hash one.
const FEW: usize = 4;

/// Why a field was not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SetError {
    /// The section holds no more names.
    #[error("the section has too many fields")]
    Full,
    /// The name is not a token ([RFC 9110 §5.6.2](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2)).
    #[error("not a valid field name")]
    Name,
}

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

    fn set(&mut self, name: &HeaderName, value: &HeaderValue) -> Result<(), SetError> {
        self.try_insert(name, value.clone()).map(drop).map_err(|_full| SetError::Full)
    }

    fn add(&mut self, name: &HeaderName, value: &HeaderValue) -> Result<(), SetError> {
        self.try_append(name, value.clone()).map(drop).map_err(|_full| SetError::Full)
    }

    fn unset(&mut self, name: &HeaderName) {
        self.remove(name);
    }
}

#[cfg(feature = "axum-06")]
mod generation_02 {
    use super::{FEW, Fields, HeaderName, HeaderValue, Sealed, SetError};
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

        fn set(&mut self, name: &HeaderName, value: &HeaderValue) -> Result<(), SetError> {
            let name = name_02(name).map_err(|_no_token| SetError::Name)?;
            self.try_insert(name, value_02(value)).map(drop).map_err(|_full| SetError::Full)
        }

        fn add(&mut self, name: &HeaderName, value: &HeaderValue) -> Result<(), SetError> {
            let name = name_02(name).map_err(|_no_token| SetError::Name)?;
            self.try_append(name, value_02(value)).map(drop).map_err(|_full| SetError::Full)
        }

        fn unset(&mut self, name: &HeaderName) {
            self.remove(name.as_str());
        }
    }
}

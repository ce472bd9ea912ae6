use super::{Declared, ForbiddenReason, why_forbidden};
use crate::{
    compat::{FieldName, FieldValue},
    syntax::{has_outer_whitespace, is_lowercase_token},
};
use http::{HeaderMap, HeaderName, HeaderValue, header::MaxSizeReached};

/// The checked fields of a trailer section. Fields that
/// [RFC 9110 §6.5.1](https://www.rfc-editor.org/rfc/rfc9110#section-6.5.1) forbids can't be added.
///
/// ```
/// use axum_trailers::trailers::{TrailerError, Trailers};
///
/// let mut trailers = Trailers::new();
/// trailers.insert("x-row-count", 5000)?;
/// assert!(trailers.insert("content-length", 12).is_err());
/// # Ok::<_, TrailerError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trailers {
    fields: HeaderMap,
}

/// Why a field was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrailerError {
    /// The name is not a token ([RFC 9110 §5.6.2](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2)), as a field
    /// name must be. [`HeaderName`] also accepts names that contain `"`; they are refused here.
    #[error("not a valid field name: use letters, digits and any of !#$%&'*+-.^_`|~")]
    Name,
    /// The value contains characters that are not permitted in a field value
    /// ([RFC 9110 §5.5](https://www.rfc-editor.org/rfc/rfc9110#section-5.5)).
    #[error("the value of `{name}` contains control characters")]
    Value {
        /// The field's name.
        name: HeaderName,
    },
    /// The value begins or ends with a space or a tab, which is not part of it
    /// ([RFC 9110 §5.5](https://www.rfc-editor.org/rfc/rfc9110#section-5.5)). Some clients trim such a value, others
    /// drop the field.
    #[error("the value of `{name}` begins or ends with a space or a tab, which recipients remove")]
    Whitespace {
        /// The field's name.
        name: HeaderName,
    },
    /// The field is forbidden in a trailer section.
    #[error("`{name}` is forbidden in trailers ({reason}): send it in the header section")]
    Forbidden {
        /// The field's name.
        name: HeaderName,
        /// Its class.
        reason: ForbiddenReason,
    },
    /// The map is full: a [`HeaderMap`] holds about 24,000 names.
    #[error("too many trailer fields")]
    TooMany,
}

impl From<MaxSizeReached> for TrailerError {
    fn from(_full: MaxSizeReached) -> Self {
        Self::TooMany
    }
}

impl Trailers {
    /// Creates an empty trailer section.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a field, replaces all its values and returns the first of them.
    ///
    /// # Errors
    ///
    /// [`TrailerError`] if the name or the value is malformed, the field is forbidden, or the map is full. The map is
    /// then unchanged.
    pub fn insert(
        &mut self,
        name: impl FieldName,
        value: impl FieldValue,
    ) -> Result<Option<HeaderValue>, TrailerError> {
        let (name, value) = checked(name, value)?;
        Ok(self.fields.try_insert(name, value)?)
    }

    /// Appends a value to a field.
    ///
    /// # Errors
    ///
    /// As for [`insert`](Self::insert).
    pub fn append(&mut self, name: impl FieldName, value: impl FieldValue) -> Result<(), TrailerError> {
        let (name, value) = checked(name, value)?;
        self.fields.try_append(name, value)?;
        Ok(())
    }

    pub(super) fn of_checked(fields: HeaderMap) -> Self {
        Self { fields }
    }

    /// The names of the fields, to announce them.
    #[must_use]
    pub fn declared(&self) -> Declared {
        Declared::from_fields(&self.fields)
    }

    /// The fields.
    #[must_use]
    pub fn as_map(&self) -> &HeaderMap {
        &self.fields
    }

    /// The fields, to send them.
    #[must_use]
    pub fn into_map(self) -> HeaderMap {
        self.fields
    }

    /// Whether there are no fields.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }
}

/// Checks every field of an existing map.
impl TryFrom<HeaderMap> for Trailers {
    type Error = TrailerError;

    fn try_from(fields: HeaderMap) -> Result<Self, TrailerError> {
        fields.keys().try_for_each(permitted)?;
        match fields.iter().find(|(_, value)| has_outer_whitespace(value.as_bytes())) {
            Some((name, _)) => Err(TrailerError::Whitespace { name: name.clone() }),
            None => Ok(Self { fields }),
        }
    }
}

pub(super) fn permitted(name: &HeaderName) -> Result<(), TrailerError> {
    if !is_lowercase_token(name.as_str()) {
        return Err(TrailerError::Name);
    }
    match why_forbidden(name) {
        None => Ok(()),
        Some(reason) => Err(TrailerError::Forbidden { name: name.clone(), reason }),
    }
}

fn checked(name: impl FieldName, value: impl FieldValue) -> Result<(HeaderName, HeaderValue), TrailerError> {
    let name = name.into_name().ok_or(TrailerError::Name)?;
    permitted(&name)?;
    match value.into_value() {
        Some(value) if has_outer_whitespace(value.as_bytes()) => Err(TrailerError::Whitespace { name }),
        Some(value) => Ok((name, value)),
        None => Err(TrailerError::Value { name }),
    }
}

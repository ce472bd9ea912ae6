use super::{Declared, ForbiddenReason, why_forbidden};
use crate::syntax::{has_outer_whitespace, is_lowercase_token};
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
    pub fn insert<N, V>(&mut self, name: N, value: V) -> Result<Option<HeaderValue>, TrailerError>
    where
        N: TryInto<HeaderName>,
        V: TryInto<HeaderValue>,
    {
        let (name, value) = checked(name, value)?;
        Ok(self.fields.try_insert(name, value)?)
    }

    /// Appends a value to a field.
    ///
    /// # Errors
    ///
    /// As for [`insert`](Self::insert).
    pub fn append<N, V>(&mut self, name: N, value: V) -> Result<(), TrailerError>
    where
        N: TryInto<HeaderName>,
        V: TryInto<HeaderValue>,
    {
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

fn checked<N, V>(name: N, value: V) -> Result<(HeaderName, HeaderValue), TrailerError>
where
    N: TryInto<HeaderName>,
    V: TryInto<HeaderValue>,
{
    let name = name.try_into().map_err(|_| TrailerError::Name)?;
    permitted(&name)?;
    match value.try_into() {
        Ok(value) if has_outer_whitespace(value.as_bytes()) => Err(TrailerError::Whitespace { name }),
        Ok(value) => Ok((name, value)),
        Err(_) => Err(TrailerError::Value { name }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header;
    use proptest::{collection::vec, prelude::*};

    #[test]
    fn repeated_values_are_kept_in_order() {
        let mut trailers = Trailers::new();
        trailers.append("server-timing", "db;dur=1").expect("permitted");
        trailers.append("server-timing", "total;dur=2").expect("permitted");
        let values: Vec<_> = trailers.as_map().get_all("server-timing").iter().collect();
        assert_eq!(values, ["db;dur=1", "total;dur=2"]);
    }

    #[test]
    fn refusals_name_the_field_and_leave_the_map_alone() {
        let mut trailers = Trailers::new();
        let forbidden = trailers.insert(header::CONTENT_TYPE, "text/plain").expect_err("forbidden");
        assert_eq!(
            forbidden.to_string(),
            "`content-type` is forbidden in trailers (content format): send it in the header section"
        );
        assert_eq!(trailers.insert("a b", "1"), Err(TrailerError::Name));
        assert_eq!(trailers.insert(":status", "200"), Err(TrailerError::Name));
        for quoted in ["\"x\"", "x\"", "\""] {
            assert_eq!(trailers.insert(quoted, "1"), Err(TrailerError::Name));
            assert_eq!(trailers.append(quoted, "1"), Err(TrailerError::Name));
        }
        let name = HeaderName::from_static("x-a");
        assert_eq!(trailers.append("x-a", "1\r\n2"), Err(TrailerError::Value { name: name.clone() }));
        for value in [" 1", "1\t", " "] {
            let refused = Err(TrailerError::Whitespace { name: name.clone() });
            assert_eq!(trailers.append("x-a", value), refused);
            let fields = HeaderMap::from_iter([(name.clone(), HeaderValue::from_static(value))]);
            assert_eq!(Trailers::try_from(fields).map(drop), refused);
        }
        assert!(trailers.is_empty());
    }

    #[test]
    fn a_map_with_one_forbidden_field_is_refused() {
        let mut fields = HeaderMap::new();
        fields.insert("x-row-count", HeaderValue::from(3));
        assert!(Trailers::try_from(fields.clone()).is_ok());
        fields.insert(header::SET_COOKIE, HeaderValue::from_static("a=b"));
        assert!(matches!(
            Trailers::try_from(fields),
            Err(TrailerError::Forbidden { name, reason: ForbiddenReason::Authentication }) if name == "set-cookie"
        ));
    }

    #[test]
    fn a_map_with_a_name_that_is_no_token_is_refused() {
        let fields = HeaderMap::from_iter([(HeaderName::from_static("x\""), HeaderValue::from_static("1"))]);
        assert_eq!(Trailers::try_from(fields), Err(TrailerError::Name));
    }

    #[test]
    fn full_map_is_an_error_and_many_values_are_not() {
        let mut trailers = Trailers::new();
        let refused = (0..30_000).find_map(|n| trailers.append(format!("x-{n}"), n).err());
        assert_eq!(refused, Some(TrailerError::TooMany));
        let full = trailers.clone();
        assert_eq!(trailers.insert("x-more", 1), Err(TrailerError::TooMany));
        assert_eq!(trailers, full);

        let mut trailers = Trailers::new();
        for n in 0..40_000 {
            trailers.append("x-a", n).expect("a value more");
        }
        assert_eq!(trailers.as_map().len(), 40_000);
    }

    proptest! {
        #[test]
        fn whatever_is_put_in_is_accepted_or_refused(
            fields in vec((vec(any::<u8>(), 0..5), vec(any::<u8>(), 0..8), any::<bool>()), 0..40),
        ) {
            let mut trailers = Trailers::new();
            for (name, value, replaces) in &fields {
                let before = trailers.clone();
                let refused = if *replaces {
                    trailers.insert(name.as_slice(), value.as_slice()).err()
                } else {
                    trailers.append(name.as_slice(), value.as_slice()).err()
                };
                let is_name = std::str::from_utf8(name)
                    .is_ok_and(|name| is_lowercase_token(&name.to_ascii_lowercase()));
                prop_assert_eq!(refused == Some(TrailerError::Name), !is_name, "{:?}", name);
                if refused.is_some() {
                    prop_assert_eq!(&trailers, &before);
                }
            }
            prop_assert_eq!(Declared::new(trailers.declared().iter()), Ok(trailers.declared()));
            prop_assert_eq!(Trailers::try_from(trailers.as_map().clone()), Ok(trailers));
        }
    }
}

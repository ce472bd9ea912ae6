use super::{TrailerError, forbidden::is_forbidden, map::permitted};
use crate::{
    compat::{FieldName, Fields},
    syntax::{is_lowercase_token, line_elements, list_elements},
};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use std::{collections::HashSet, iter, str};

/// The trailer field names that a sender announces in the `Trailer` field
/// ([RFC 9110 §6.6.2](https://www.rfc-editor.org/rfc/rfc9110#section-6.6.2)): in order, without duplicates and
/// forbidden names.
///
/// ```
/// use axum_trailers::trailers::{Declared, TrailerError};
///
/// let declared = Declared::new(["x-row-count", "content-digest"])?;
/// assert_eq!(declared.to_field_value().unwrap(), "x-row-count, content-digest");
/// # Ok::<_, TrailerError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Declared {
    /// The field value. If it was read from a header section or has a single name, it shares those bytes without
    /// allocating.
    line: Option<HeaderValue>,
}

impl Declared {
    /// Announces these fields.
    ///
    /// # Errors
    ///
    /// [`TrailerError`] for the first name that is no token or is forbidden in a trailer section.
    pub fn new<N: FieldName>(names: impl IntoIterator<Item = N>) -> Result<Self, TrailerError> {
        let names = names.into_iter().map(|name| {
            let name = name.into_name().ok_or(TrailerError::Name)?;
            permitted(&name)?;
            Ok(name)
        });
        names.collect::<Result<Line, _>>().map(|Line(line)| Self { line })
    }

    /// Announces nothing: the body ends without trailers.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Reads the names that the `Trailer` fields of a header section announce. Names that are not tokens or are
    /// forbidden are ignored, because such a trailer can't arrive.
    #[must_use]
    pub fn read(headers: &impl Fields) -> Self {
        if let Some(line) = headers.only_value(&header::TRAILER).filter(is_settled) {
            return Self { line: Some(line) };
        }
        let names = list_elements(headers, &header::TRAILER)
            .filter_map(|name| HeaderName::from_bytes(name).ok())
            .filter(|name| permitted(name).is_ok());
        Self { line: names.collect::<Line>().0 }
    }

    /// Reads the announced names, and rewrites the `Trailer` field if it contains anything else, such as duplicates or
    /// names that can't be trailer fields.
    pub fn settle(headers: &mut impl Fields) -> Self {
        let declared = Self::read(headers);
        if !headers.values(&header::TRAILER).eq(declared.line.iter().map(HeaderValue::as_bytes)) {
            headers.unset(&header::TRAILER);
            declared.write(headers);
        }
        declared
    }

    /// Writes the `Trailer` field into a header section and keeps the names that it already announces. If nothing is
    /// announced, there is no `Trailer` field. If the header section is full (about 24,000 names), the field is left
    /// out and a warning is logged.
    pub fn write(&self, headers: &mut impl Fields) {
        let all = if headers.has(header::TRAILER.as_str()) {
            Self::read(headers).and(self).line
        } else {
            self.line.clone()
        };
        let Some(value) = all else {
            headers.unset(&header::TRAILER);
            return;
        };
        if headers.set(&header::TRAILER, &value).is_err() {
            tracing::warn!("the header section has too many fields to announce trailers in it");
        }
    }

    /// The value of the `Trailer` field, or `None` if nothing is announced.
    #[must_use]
    pub fn to_field_value(&self) -> Option<HeaderValue> {
        self.line.clone()
    }

    /// Whether `name` is announced. The name is in lower case, as in a `HeaderName`.
    #[must_use]
    pub fn contains(&self, name: impl AsRef<str>) -> bool {
        self.iter().any(|announced| announced == name.as_ref())
    }

    /// The names in lower case, in the order they were announced.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.line.iter().flat_map(line_elements).filter_map(|name| str::from_utf8(name).ok())
    }

    /// Whether nothing is announced.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.line.is_none()
    }

    /// Whether a section has all of these fields.
    #[must_use]
    pub fn are_all_in(&self, section: &impl Fields) -> bool {
        self.missing_in(section).is_none()
    }

    /// The first of these fields that is missing in a section.
    pub(crate) fn missing_in(&self, section: &impl Fields) -> Option<HeaderName> {
        let name = self.iter().find(|name| !section.has(name))?;
        Some(HeaderName::from_bytes(name.as_bytes()).expect("it was checked"))
    }

    /// The same names without the bytes around them. What was read may share a buffer with a whole header section.
    pub(crate) fn into_owned(self) -> Self {
        let copy = |line: HeaderValue| HeaderValue::from_bytes(line.as_bytes()).expect("it is a value");
        Self { line: self.line.map(copy) }
    }

    /// These names, then those of the other.
    pub(super) fn and(&self, others: &Self) -> Self {
        Self::new(self.iter().chain(others.iter())).expect("they were checked")
    }

    /// Names that were already checked.
    pub(super) fn of_static(line: &'static str) -> Self {
        Self { line: Some(HeaderValue::from_static(line)) }
    }

    /// The names of fields that were already checked.
    pub(crate) fn from_fields(checked: &HeaderMap) -> Self {
        Self { line: checked.keys().cloned().collect::<Line>().0 }
    }
}

impl PartialEq for Declared {
    /// Ignores whitespace between the names.
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Declared {}

/// Whether a field contains at most 16 names, without duplicates, all of them permitted lower-case tokens. (A client
/// can send many, and comparing each pair would take too long.)
fn is_settled(line: &HeaderValue) -> bool {
    const FEW: usize = 16;
    let is_permitted =
        |name| str::from_utf8(name).is_ok_and(|name| is_lowercase_token(name) && !is_forbidden(name));
    line_elements(line).enumerate().all(|(n, name)| {
        n < FEW && is_permitted(name) && !line_elements(line).take(n).any(|before| before == name)
    })
}

/// A field that contains each name once.
struct Line(Option<HeaderValue>);

impl FromIterator<HeaderName> for Line {
    fn from_iter<I: IntoIterator<Item = HeaderName>>(names: I) -> Self {
        let mut names = names.into_iter();
        let Some(first) = names.next() else { return Self(None) };
        let Some(second) = names.next() else { return Self(Some(first.into())) };
        let mut line = first.as_str().to_owned();
        let mut seen = HashSet::from([first]);
        for name in iter::once(second).chain(names) {
            if !seen.contains(&name) {
                line.push_str(", ");
                line.push_str(name.as_str());
                seen.insert(name);
            }
        }
        Self(Some(HeaderValue::try_from(line).expect("field names and commas make a field value")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn well_formed_field_is_shared() {
        let line = HeaderValue::from_bytes(b"x-a, x-b").expect("a value");
        let mut headers = HeaderMap::from_iter([(header::TRAILER, line.clone())]);
        let shared = line.as_bytes().as_ptr();
        for declared in [Declared::read(&headers), Declared::settle(&mut headers)] {
            assert_eq!(declared.to_field_value().expect("names").as_bytes().as_ptr(), shared);
        }
        assert_eq!(headers[header::TRAILER].as_bytes().as_ptr(), shared);
    }
}

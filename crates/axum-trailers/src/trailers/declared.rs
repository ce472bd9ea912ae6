use super::{TrailerError, forbidden::is_forbidden, map::permitted};
use crate::syntax::{is_lowercase_token, line_elements, list_elements};
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
    pub fn new<N: TryInto<HeaderName>>(names: impl IntoIterator<Item = N>) -> Result<Self, TrailerError> {
        let names = names.into_iter().map(|name| {
            let name = name.try_into().map_err(|_| TrailerError::Name)?;
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
    pub fn read(headers: &HeaderMap) -> Self {
        let mut lines = headers.get_all(header::TRAILER).iter();
        let line = match (lines.next(), lines.next()) {
            (None, _) => None,
            (Some(line), None) if is_settled(line) => Some(line.clone()),
            _ => {
                let names = list_elements(headers, &header::TRAILER)
                    .filter_map(|name| HeaderName::from_bytes(name).ok())
                    .filter(|name| permitted(name).is_ok());
                names.collect::<Line>().0
            }
        };
        Self { line }
    }

    /// Reads the announced names, and rewrites the `Trailer` field if it contains anything else, such as duplicates or
    /// names that can't be trailer fields.
    pub fn settle(headers: &mut HeaderMap) -> Self {
        let declared = Self::read(headers);
        if !headers.get_all(header::TRAILER).iter().eq(&declared.line) {
            headers.remove(header::TRAILER);
            declared.write(headers);
        }
        declared
    }

    /// Writes the `Trailer` field into a header section and keeps the names that it already announces. If nothing is
    /// announced, there is no `Trailer` field. If the header section is full (about 24,000 names), the field is left
    /// out and a warning is logged.
    pub fn write(&self, headers: &mut HeaderMap) {
        let all = if headers.contains_key(header::TRAILER) {
            let names = Self::read(headers);
            let names = names.iter().chain(self.iter());
            Self::new(names).expect("they were checked").line
        } else {
            self.line.clone()
        };
        let Some(value) = all else {
            headers.remove(header::TRAILER);
            return;
        };
        if headers.try_insert(header::TRAILER, value).is_err() {
            tracing::warn!("the header section has too many fields to announce trailers in it");
        }
    }

    /// The value of the `Trailer` field, or `None` if nothing is announced.
    #[must_use]
    pub fn to_field_value(&self) -> Option<HeaderValue> {
        self.line.clone()
    }

    /// Whether `name` is announced.
    #[must_use]
    pub fn contains(&self, name: &HeaderName) -> bool {
        self.iter().any(|announced| announced == name.as_str())
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
    pub fn are_all_in(&self, section: &HeaderMap) -> bool {
        self.missing_in(section).is_none()
    }

    /// The first of these fields that is missing in a section.
    pub(crate) fn missing_in(&self, section: &HeaderMap) -> Option<HeaderName> {
        let name = self.iter().find(|name| !section.contains_key(*name))?;
        Some(HeaderName::from_bytes(name.as_bytes()).expect("it was checked"))
    }

    /// The same names without the bytes around them. What was read may share a buffer with a whole header section.
    pub(crate) fn into_owned(self) -> Self {
        let copy = |line: HeaderValue| HeaderValue::from_bytes(line.as_bytes()).expect("it is a value");
        Self { line: self.line.map(copy) }
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
    use proptest::prelude::*;

    #[test]
    fn writing_merges_with_what_is_announced_already() {
        let mut headers = HeaderMap::new();
        headers.append(header::TRAILER, HeaderValue::from_static("X-A, x-b"));
        headers.append(header::TRAILER, HeaderValue::from_static("x-a,,x-c"));
        let declared = Declared::new(["x-b", "content-digest"]).expect("permitted");
        declared.write(&mut headers);
        let values: Vec<_> = headers.get_all(header::TRAILER).iter().collect();
        assert_eq!(values, ["x-a, x-b, x-c, content-digest"]);
    }

    #[test]
    fn many_names_are_read_once_each() {
        let line = |n| (0..n).map(|n| format!("x-{n}")).collect::<Vec<_>>().join(", ");
        for n in [15, 16, 17, 100_000] {
            let value = HeaderValue::try_from(format!("{0}, {0}", line(n))).expect("a value");
            let declared = Declared::read(&HeaderMap::from_iter([(header::TRAILER, value)]));
            assert_eq!(declared.to_field_value().expect("names"), &*line(n));
        }
    }

    #[test]
    fn announcing_nothing_writes_no_field() {
        let mut headers = HeaderMap::new();
        Declared::none().write(&mut headers);
        assert!(headers.is_empty());
    }

    #[test]
    fn forbidden_and_malformed_names_are_refused_by_new_and_left_out_by_read() {
        assert!(matches!(Declared::new(["host"]), Err(TrailerError::Forbidden { .. })));
        for malformed in ["a b", "\"x\"", "x\""] {
            assert_eq!(Declared::new([malformed]), Err(TrailerError::Name));
        }

        let mut headers = HeaderMap::new();
        headers.insert(header::TRAILER, HeaderValue::from_static("host, a b, \"x\", x-a"));
        assert_eq!(Declared::read(&headers), Declared::new(["x-a"]).expect("permitted"));
    }

    fn settled(lines: &[&'static str]) -> (Vec<String>, Vec<String>) {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::TRAILER, HeaderValue::from_static(line));
        }
        let declared = Declared::settle(&mut headers);
        let written = headers.get_all(header::TRAILER).iter();
        let written = written.map(|line| line.to_str().expect("text").to_owned()).collect();
        (declared.iter().map(str::to_owned).collect(), written)
    }

    #[test]
    fn settled_field_announces_only_permitted_names_once() {
        let cases: [(&[&str], &[&str], &[&str]); 11] = [
            (&[], &[], &[]),
            (&["x-a"], &["x-a"], &["x-a"]),
            (&["x-a,  x-b"], &["x-a", "x-b"], &["x-a,  x-b"]),
            (&["x-a", "x-b"], &["x-a", "x-b"], &["x-a, x-b"]),
            (&["X-A"], &["x-a"], &["x-a"]),
            (&["x-a, x-b, x-a"], &["x-a", "x-b"], &["x-a, x-b"]),
            (&["x-a, host"], &["x-a"], &["x-a"]),
            (&["x-a,, a b"], &["x-a"], &["x-a"]),
            (&["content-length"], &[], &[]),
            (&["x-a, \"x-b\""], &["x-a"], &["x-a"]),
            (&["x\""], &[], &[]),
        ];
        for (lines, names, written) in cases {
            assert_eq!(
                settled(lines),
                (
                    names.iter().map(|n| (*n).to_owned()).collect(),
                    written.iter().map(|w| (*w).to_owned()).collect()
                ),
                "{lines:?}"
            );
        }
    }

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

    proptest! {
        #[test]
        fn what_is_written_reads_back_the_same(
            names in proptest::collection::btree_set("x-[a-z0-9!#$%&'*+.^_`|~-]{0,12}", 0..6),
            lines in 1..3_usize,
        ) {
            let declared = Declared::new(names.iter().map(String::as_str)).expect("permitted");
            let mut headers = HeaderMap::new();
            declared.write(&mut headers);
            prop_assert_eq!(headers.contains_key(header::TRAILER), !names.is_empty());
            prop_assert_eq!(&Declared::read(&headers), &declared);

            // As other senders may write it: in several lines, with spaces, in upper case.
            let names: Vec<_> = names.into_iter().collect();
            headers.remove(header::TRAILER);
            for line in names.chunks(names.len().div_ceil(lines).max(1)) {
                let line = line.join(" ,\t ").to_ascii_uppercase();
                headers.append(header::TRAILER, line.parse().expect("a field value"));
            }
            prop_assert_eq!(Declared::read(&headers), declared);
        }
    }
}

use super::{TrailerError, map::permitted};
use crate::syntax::list_elements;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use smallvec::SmallVec;
use std::collections::HashSet;

/// The names of the trailer fields that a sender announces in the `Trailer` field
/// ([RFC 9110 §6.6.2](https://www.rfc-editor.org/rfc/rfc9110#section-6.6.2)): each once, in order, none
/// forbidden.
///
/// ```
/// use axum_trailers::trailers::{Declared, TrailerError};
///
/// let declared = Declared::new(["x-row-count", "content-digest"])?;
/// assert_eq!(declared.to_field_value().unwrap(), "x-row-count, content-digest");
/// # Ok::<_, TrailerError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Declared {
    /// One or two, as a rule.
    names: SmallVec<[HeaderName; 2]>,
}

impl Declared {
    /// Announces these fields.
    ///
    /// # Errors
    ///
    /// [`TrailerError`] for the first name that is no token or is forbidden in a trailer section.
    pub fn new<N: TryInto<HeaderName>>(names: impl IntoIterator<Item = N>) -> Result<Self, TrailerError> {
        let mut declared = Self::default();
        for name in names {
            let name = name.try_into().map_err(|_| TrailerError::Name)?;
            permitted(&name)?;
            declared.add(name);
        }
        Ok(declared)
    }

    /// Announces nothing: the body ends without trailers.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Reads what the `Trailer` fields of a header section announce. Names that are no tokens or are forbidden
    /// are left out: nothing can come of them.
    #[must_use]
    pub fn read(headers: &HeaderMap) -> Self {
        let names = list_elements(headers, &header::TRAILER)
            .filter_map(|name| HeaderName::from_bytes(name).ok())
            .filter(|name| permitted(name).is_ok());
        Self { names: distinct(names) }
    }

    /// Writes the `Trailer` field into a header section, together with what it announces there already.
    /// Where nothing is announced, there is no `Trailer` field. A header section that is full, with about 24,000 names,
    /// stays without one, and a warning is logged.
    pub fn write(&self, headers: &mut HeaderMap) {
        let all = if headers.contains_key(header::TRAILER) {
            let mut all = Self::read(headers);
            self.names.iter().for_each(|name| all.add(name.clone()));
            all.to_field_value()
        } else {
            self.to_field_value()
        };
        let Some(value) = all else {
            headers.remove(header::TRAILER);
            return;
        };
        if headers.try_insert(header::TRAILER, value).is_err() {
            tracing::warn!("the header section has too many fields to announce trailers in it");
        }
    }

    /// The value of the `Trailer` field, or `None` where nothing is announced.
    #[must_use]
    pub fn to_field_value(&self) -> Option<HeaderValue> {
        match &*self.names {
            [] => None,
            [name] => Some(name.clone().into()),
            names => {
                let names: Vec<_> = names.iter().map(HeaderName::as_str).collect();
                let names = HeaderValue::try_from(names.join(", "));
                Some(names.expect("field names and commas make a field value"))
            }
        }
    }

    /// Whether `name` is announced.
    #[must_use]
    pub fn contains(&self, name: &HeaderName) -> bool {
        self.names.contains(name)
    }

    /// The names, in the order they were announced.
    pub fn iter(&self) -> impl Iterator<Item = &HeaderName> {
        self.names.iter()
    }

    /// Whether nothing is announced.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Whether a section has all of these fields.
    #[must_use]
    pub fn are_all_in(&self, section: &HeaderMap) -> bool {
        self.names.iter().all(|name| section.contains_key(name))
    }

    /// The names of fields that were checked already.
    pub(crate) fn from_fields(checked: &HeaderMap) -> Self {
        Self { names: checked.keys().cloned().collect() }
    }

    fn add(&mut self, name: HeaderName) {
        if !self.contains(&name) {
            self.names.push(name);
        }
    }
}

/// Each name once. A client can send many: to compare each with all others would take too long.
fn distinct(names: impl Iterator<Item = HeaderName>) -> SmallVec<[HeaderName; 2]> {
    const FEW: usize = 16;
    let (mut distinct, mut seen) = (SmallVec::new(), HashSet::new());
    for name in names {
        if distinct.len() == FEW && seen.is_empty() {
            seen.extend(distinct.iter().cloned());
        }
        let is_new = if seen.is_empty() { !distinct.contains(&name) } else { seen.insert(name.clone()) };
        if is_new {
            distinct.push(name);
        }
    }
    distinct
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

            // As others may write it: in several lines, with spaces, and in capitals.
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

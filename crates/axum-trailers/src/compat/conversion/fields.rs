//! Fields, methods and statuses from one generation of `http` to the other.

use super::{
    cached_names::{newer, older},
    copies::Copies,
    spare,
};
use http_02::header::{HeaderMap as Fields02, HeaderName as Name02, HeaderValue as Value02};

/// Why fields can't be converted from one generation of `http` to the other.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConversionError {
    /// The name contains `"`, so it is not a token
    /// ([RFC 9110 §5.6.2](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2)). Some versions of `http` accept it.
    #[error("`{name}` is not a valid field name")]
    Name {
        /// The field's name.
        name: String,
    },
    /// The map is full: a `HeaderMap` holds about 24,000 names.
    #[error("too many fields")]
    TooMany,
}

pub(in crate::compat) fn name_02(name: &http::HeaderName) -> Result<Name02, ConversionError> {
    older(name).ok_or_else(|| refused(name.as_str()))
}

pub(in crate::compat) fn name_1(name: &Name02) -> Result<http::HeaderName, ConversionError> {
    newer(name).ok_or_else(|| refused(name.as_str()))
}

fn refused(name: &str) -> ConversionError {
    ConversionError::Name { name: name.to_owned() }
}

pub(in crate::compat) fn value_02(value: &http::HeaderValue) -> Value02 {
    let mut older = Value02::from_bytes(value.as_bytes()).expect(SAME_VALUES);
    older.set_sensitive(value.is_sensitive());
    older
}

pub(in crate::compat) fn value_1(value: &Value02) -> http::HeaderValue {
    let mut newer = http::HeaderValue::from_bytes(value.as_bytes()).expect(SAME_VALUES);
    newer.set_sensitive(value.is_sensitive());
    newer
}

/// A property test below holds it.
const SAME_VALUES: &str = "both generations accept the same bytes in values";

/// Converts a section.
///
/// # Errors
///
/// [`ConversionError`] if a name is not a token.
pub fn to_02(fields: &http::HeaderMap) -> Result<Fields02, ConversionError> {
    let mut older: Fields02 = spare::take();
    let names = fields.keys_len();
    older.try_reserve(names.max(spare::USUAL)).map_err(|_full| ConversionError::TooMany)?;
    let mut copies = Copies::of(|| fields.values().map(http::HeaderValue::as_bytes));
    for (name, value) in fields {
        let mut copy = Value02::from_maybe_shared(copies.next(value.len())).expect(SAME_VALUES);
        copy.set_sensitive(value.is_sensitive());
        older.try_append(name_02(name)?, copy).map_err(|_full| ConversionError::TooMany)?;
    }
    Ok(older)
}

/// Converts a section.
///
/// # Errors
///
/// [`ConversionError`] if a name is not a token.
pub fn to_1(fields: &Fields02) -> Result<http::HeaderMap, ConversionError> {
    to_1_with_room(fields, 0)
}

/// Converts a section to which this many fields will be added.
///
/// # Errors
///
/// As for [`to_1`].
pub fn to_1_with_room(fields: &Fields02, room: usize) -> Result<http::HeaderMap, ConversionError> {
    let mut newer: http::HeaderMap = spare::take();
    let names = fields.keys_len() + room;
    newer.try_reserve(names.max(spare::USUAL)).map_err(|_full| ConversionError::TooMany)?;
    let mut copies = Copies::of(|| fields.values().map(Value02::as_bytes));
    for (name, value) in fields {
        let mut copy = http::HeaderValue::from_maybe_shared(copies.next(value.len())).expect(SAME_VALUES);
        copy.set_sensitive(value.is_sensitive());
        newer.try_append(name_1(name)?, copy).map_err(|_full| ConversionError::TooMany)?;
    }
    Ok(newer)
}

pub(in crate::compat) fn method_1(method: &http_02::Method) -> http::Method {
    http::Method::from_bytes(method.as_str().as_bytes()).expect("both generations accept the same methods")
}

pub(in crate::compat) fn status_1(status: http_02::StatusCode) -> http::StatusCode {
    http::StatusCode::from_u16(status.as_u16()).expect("both generations accept 100 to 999")
}

pub(in crate::compat) fn status_02(status: http::StatusCode) -> http_02::StatusCode {
    http_02::StatusCode::from_u16(status.as_u16()).expect("both generations accept 100 to 999")
}

pub(in crate::compat) fn version_1(version: http_02::Version) -> http::Version {
    match version {
        http_02::Version::HTTP_09 => http::Version::HTTP_09,
        http_02::Version::HTTP_10 => http::Version::HTTP_10,
        http_02::Version::HTTP_11 => http::Version::HTTP_11,
        http_02::Version::HTTP_3 => http::Version::HTTP_3,
        _ => http::Version::HTTP_2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::is_lowercase_token;
    use proptest::{collection::vec, prelude::*};

    #[test]
    fn name_that_is_no_token_is_an_error_in_both_directions() {
        let older = Fields02::from_iter([(Name02::from_static("x\""), Value02::from_static("1"))]);
        assert_eq!(to_1(&older), Err(ConversionError::Name { name: "x\"".to_owned() }));
        // From HTTP/2, `http` 1 also accepts it.
        let name = http::HeaderName::from_lowercase(b"x\"").expect("accepted");
        let newer = http::HeaderMap::from_iter([(name, http::HeaderValue::from_static("1"))]);
        assert_eq!(to_02(&newer), Err(ConversionError::Name { name: "x\"".to_owned() }));
    }

    /// `expect`s in this file rely on it.
    #[test]
    fn methods_and_statuses_of_the_older_generation_are_those_of_the_newer_one() {
        for first in 0..=u8::MAX {
            for second in [None, Some(first), Some(b'A')] {
                for repeated in [1, 20] {
                    let bytes: Vec<_> = [Some(first), second].into_iter().flatten().collect();
                    let bytes = bytes.repeat(repeated);
                    if let Ok(method) = http_02::Method::from_bytes(&bytes) {
                        assert_eq!(method_1(&method).as_str(), method.as_str());
                    }
                }
            }
        }
        for code in 0..=u16::MAX {
            let (older, newer) = (http_02::StatusCode::from_u16(code), http::StatusCode::from_u16(code));
            assert_eq!(older.is_ok(), newer.is_ok(), "{code}");
            if let (Ok(older), Ok(newer)) = (older, newer) {
                assert_eq!((status_1(older), status_02(newer)), (newer, older));
            }
        }
    }

    #[test]
    fn full_map_and_many_values_are_converted() {
        let name = |n| http::HeaderName::try_from(format!("x-{n}")).expect("a name");
        let mut full: http::HeaderMap =
            (1..24 * 1024).map(|n| (name(n), http::HeaderValue::from(n))).collect();
        for n in 0..20_000 {
            full.append("x-1", n.into());
        }
        // A full map takes no value more, not even of a name that it has.
        full.insert(name(0), 0.into());
        assert!(full.try_append(name(1), 0.into()).is_err());
        let older = to_02(&full).expect("it has the same room");
        assert_eq!((older.keys_len(), older.len()), (full.keys_len(), full.len()));
        assert_eq!(to_1(&older), Ok(full));
    }

    /// The same fields in each generation. A name may be for one of them only.
    fn both(fields: &[(Vec<u8>, Vec<u8>)]) -> (Fields02, http::HeaderMap) {
        let (mut older, mut newer) = (Fields02::new(), http::HeaderMap::new());
        for (name, value) in fields {
            if let (Ok(name), Ok(value)) = (Name02::from_bytes(name), Value02::from_bytes(value)) {
                older.append(name, value);
            }
            // As hyper creates them from HTTP/1.1, and from HTTP/2.
            let names = [http::HeaderName::from_bytes(name), http::HeaderName::from_lowercase(name)];
            for name in names.into_iter().flatten() {
                if let Ok(value) = http::HeaderValue::from_bytes(value) {
                    newer.append(name, value);
                }
            }
        }
        (older, newer)
    }

    fn list<'f>(fields: impl Iterator<Item = (&'f str, &'f [u8])>) -> Vec<(&'f str, &'f [u8])> {
        fields.collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn section_of_any_size_that_a_map_can_have_is_converted(
            names in 0..=24 * 1024_usize, values in 0..40_000_usize,
        ) {
            let mut newer: http::HeaderMap = (0..names)
                .map(|n| (format!("x-{n}").parse::<http::HeaderName>().expect("a name"), n.into()))
                .collect();
            // A full map takes no value more.
            let _full = (0..values).try_for_each(|n| newer.try_append("x-0", n.into()).map(drop));
            let older = to_02(&newer).expect("it has the same room");
            prop_assert_eq!((older.keys_len(), older.len()), (newer.keys_len(), newer.len()));
            prop_assert_eq!(to_1(&older), Ok(newer));
        }
    }

    proptest! {
        #[test]
        fn any_section_is_converted_or_refused_for_a_name(
            fields in vec((vec(any::<u8>(), 0..5), vec(any::<u8>(), 0..8)), 0..40),
        ) {
            let (older, newer) = both(&fields);
            let of_older = list(older.iter().map(|(name, value)| (name.as_str(), value.as_bytes())));
            let of_newer = list(newer.iter().map(|(name, value)| (name.as_str(), value.as_bytes())));
            match to_1(&older) {
                Ok(converted) => {
                    let converted = converted.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
                    prop_assert_eq!(list(converted), of_older);
                }
                Err(error) => {
                    let ConversionError::Name { name } = error else { panic!("{error}") };
                    prop_assert!(!is_lowercase_token(&name) && older.contains_key(&name));
                }
            }
            match to_02(&newer) {
                Ok(converted) => {
                    let converted = converted.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
                    prop_assert_eq!(list(converted), of_newer);
                }
                Err(error) => {
                    let ConversionError::Name { name } = error else { panic!("{error}") };
                    prop_assert!(!is_lowercase_token(&name));
                    prop_assert!(of_newer.iter().any(|(newer, _)| *newer == name));
                }
            }
        }

        #[test]
        fn both_generations_accept_the_same_values(bytes in vec(any::<u8>(), 0..12)) {
            let newer = http::HeaderValue::from_bytes(&bytes).ok();
            let older = Value02::from_bytes(&bytes).ok();
            prop_assert_eq!(newer.as_ref().map(http::HeaderValue::as_bytes), older.as_ref().map(Value02::as_bytes));
        }

        #[test]
        fn fields_arrive_in_order_and_sensitive_ones_stay_so(
            fields in vec(("[a-c]{1,2}", "[ -~]{0,6}", any::<bool>()), 0..20),
        ) {
            let mut newer = http::HeaderMap::new();
            for (name, value, is_sensitive) in &fields {
                let mut value = http::HeaderValue::try_from(value).expect("a value");
                value.set_sensitive(*is_sensitive);
                newer.append(http::HeaderName::try_from(name).expect("a name"), value);
            }
            let older = to_02(&newer).expect("tokens");
            let list = |fields: &mut dyn Iterator<Item = (String, Vec<u8>, bool)>| fields.collect::<Vec<_>>();
            prop_assert_eq!(
                list(&mut older.iter().map(|(n, v)| (n.to_string(), v.as_bytes().to_vec(), v.is_sensitive()))),
                list(&mut newer.iter().map(|(n, v)| (n.to_string(), v.as_bytes().to_vec(), v.is_sensitive())))
            );
            prop_assert_eq!(to_1(&older), Ok(newer));
        }
    }
}

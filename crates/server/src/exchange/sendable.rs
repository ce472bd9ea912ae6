//! What can be sent of a header or trailer section of the application.

use super::request_head::is_token;
use axum_trailers::syntax::{has_outer_whitespace, without_outer_whitespace};
use http::{HeaderMap, HeaderName, HeaderValue, header};

/// A section of a response that can't be sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unsendable {
    #[error("`{0}` is not a valid field name")]
    Name(String),
    #[error("too many fields")]
    TooManyFields,
}

#[cfg(feature = "axum-06")]
impl From<axum_trailers::compat::ConversionError> for Unsendable {
    fn from(error: axum_trailers::compat::ConversionError) -> Self {
        match error {
            axum_trailers::compat::ConversionError::Name { name } => Self::Name(name),
            _ => Self::TooManyFields,
        }
    }
}

/// The number of names that a map can hold (three quarters of 32,768), minus some that are added to a head. A map
/// panics if there are more.
const MOST_FIELDS: usize = 24 * 1024 - 8;

/// Makes a header section ready for hyper.
pub(super) fn prepare_head(headers: &mut HeaderMap) -> Result<(), Unsendable> {
    if headers.keys_len() > MOST_FIELDS {
        return Err(Unsendable::TooManyFields);
    }
    // `TE` is a request field (RFC 9110 §10.1.4), and malformed in a response over HTTP/2. hyper removes it only from
    // requests. hyper itself sets `Transfer-Encoding`: one that a handler has copied from elsewhere would be sent in
    // addition.
    headers.remove(header::TE);
    headers.remove(header::TRANSFER_ENCODING);
    drop_malformed_length(headers);
    prepare(headers)
}

/// `Content-Length` must be one number ([RFC 9110 §8.6](https://www.rfc-editor.org/rfc/rfc9110#section-8.6)), and hyper does
/// not check it. A message with another one is malformed.
fn drop_malformed_length(headers: &mut HeaderMap) {
    let mut lengths = headers.get_all(header::CONTENT_LENGTH).iter();
    let is_malformed =
        lengths.next().is_some_and(|first| length(first).is_none() || lengths.next().is_some());
    if is_malformed {
        tracing::warn!("a response's `Content-Length` is not one number: left out");
        headers.remove(header::CONTENT_LENGTH);
    }
}

/// The number in a `Content-Length`.
pub(crate) fn length(value: &HeaderValue) -> Option<u64> {
    let value = value.to_str().ok()?;
    // `parse` also accepts a sign.
    let is_number = value.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { value.parse().ok() } else { None }
}

/// Makes a header or trailer section ready for hyper: `http` accepts names with a `"`, and values with whitespace around
/// them, which are malformed over HTTP/2
/// ([RFC 9113 §8.2.1](https://www.rfc-editor.org/rfc/rfc9113#section-8.2.1)).
pub(super) fn prepare(section: &mut HeaderMap) -> Result<(), Unsendable> {
    if let Some(name) = section.keys().find(|name| !is_token(name)) {
        return Err(Unsendable::Name(name.as_str().to_owned()));
    }
    for (name, value) in section.iter_mut() {
        if has_outer_whitespace(value.as_bytes()) {
            trim(name, value);
        }
    }
    Ok(())
}

#[cold]
fn trim(name: &HeaderName, value: &mut HeaderValue) {
    tracing::debug!(%name, "whitespace around a field value removed");
    let inner = without_outer_whitespace(value.as_bytes());
    let mut trimmed = HeaderValue::from_bytes(inner).expect("a part of a field value is one");
    trimmed.set_sensitive(value.is_sensitive());
    *value = trimmed;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fields with this many names, and one value each.
    fn many(names: usize) -> HeaderMap {
        let name = |n| HeaderName::try_from(format!("x-{n}")).expect("a name");
        (0..names).map(|n| (name(n), HeaderValue::from(n))).collect()
    }

    #[test]
    fn name_that_is_no_token_is_an_error() {
        let name = HeaderName::from_lowercase(b"x\"").expect("accepted");
        let mut section = HeaderMap::from_iter([(name, HeaderValue::from_static("1"))]);
        let error = prepare_head(&mut section).expect_err("no token");
        assert_eq!(error.to_string(), "`x\"` is not a valid field name");
        assert!(matches!(prepare(&mut section), Err(Unsendable::Name(_))));
    }

    #[test]
    fn names_are_limited_and_values_are_not() {
        let mut values = HeaderMap::new();
        for n in 0..40_000 {
            values.append("x-a", HeaderValue::from(n));
        }
        prepare_head(&mut values).expect("one name");
        let mut most = many(MOST_FIELDS);
        prepare_head(&mut most).expect("as many as are accepted");
        for name in ["date", "content-length", "connection", "transfer-encoding"] {
            most.insert(name, HeaderValue::from_static("hyper adds it"));
        }
        let too_many = prepare_head(&mut many(MOST_FIELDS + 1));
        assert!(matches!(too_many, Err(Unsendable::TooManyFields)));
        prepare(&mut many(24 * 1024)).expect("nothing is added to trailers");
    }

    #[test]
    fn whitespace_around_values_is_removed_and_two_fields_of_a_head() {
        let mut secret = HeaderValue::from_static(" a b\t");
        secret.set_sensitive(true);
        let all = || {
            let mut all = HeaderMap::from_iter([(HeaderName::from_static("x-a"), secret.clone())]);
            all.append("x-a", HeaderValue::from_static(" "));
            all.append("te", HeaderValue::from_static("trailers"));
            all.append("transfer-encoding", HeaderValue::from_static("chunked"));
            all
        };
        let (mut head, mut trailers) = (all(), all());
        prepare_head(&mut head).expect("sendable");
        prepare(&mut trailers).expect("sendable");
        assert_eq!((head.len(), trailers.len()), (2, 4));
        for section in [head, trailers] {
            assert_eq!(section.get_all("x-a").iter().collect::<Vec<_>>(), ["a b", ""]);
            assert!(section["x-a"].is_sensitive());
        }
    }
}

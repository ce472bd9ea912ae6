//! Whether the head of a request is well-formed. hyper leaves some checks to the application.

use axum_trailers::syntax::{has_outer_whitespace, host_and_port};
use http::{
    HeaderMap, HeaderName, HeaderValue, Version, header,
    request::Parts,
    uri::{Authority, PathAndQuery},
};
use std::sync::{Mutex, PoisonError};

/// What is wrong with the head of a request.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BadHead {
    #[error("the method contains invalid characters")]
    #[cfg_attr(
        not(feature = "axum-06"),
        expect(dead_code, reason = "only axum 0.6 refuses one that hyper accepts")
    )]
    Method,
    #[error(
        "the request target is not a valid URI: percent-encode non-ASCII characters (RFC 3986 section 2.1)"
    )]
    Target,
    #[error("the authority is not a host with an optional port (RFC 9110 section 4.2.4)")]
    Authority,
    #[error("too many fields")]
    #[cfg_attr(not(feature = "axum-06"), expect(dead_code, reason = "hyper has counted them"))]
    TooManyFields,
    #[error(transparent)]
    Field(#[from] BadField),
}

impl BadHead {
    #[cfg(feature = "axum-06")]
    pub(crate) fn of_name(name: &HeaderName) -> Self {
        Self::Field(BadField::Name(name.clone()))
    }
}

/// A field of a header or trailer section is malformed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BadField {
    #[error("{0:?} is not a valid field name: use only letters, digits and any of !#$%&'*+-.^_`|~")]
    Name(HeaderName),
    #[error("the value of `{0}` begins or ends with a space or a tab (RFC 9113 section 8.2.1)")]
    Whitespace(HeaderName),
}

/// The authority of the last request. The requests of a connection usually share it, so it is checked once.
#[derive(Default)]
pub(crate) struct LastAuthority(Mutex<Option<Authority>>);

impl LastAuthority {
    fn is_valid(&self, authority: &Authority) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if last.as_ref().is_some_and(|last| last.as_str() == authority.as_str()) {
            return true;
        }
        let is_valid = host_and_port(authority.as_str()).is_some();
        if is_valid {
            *last = Some(authority.clone());
        }
        is_valid
    }
}

/// Checks the target and the fields of a request.
pub(crate) fn check_head(head: &Parts, last: &LastAuthority) -> Result<(), BadHead> {
    if head.uri.authority().is_some_and(|authority| !last.is_valid(authority)) {
        return Err(BadHead::Authority);
    }
    if !head.uri.path_and_query().map_or("", PathAndQuery::as_str).is_ascii() {
        return Err(BadHead::Target);
    }
    Ok(check_received(&head.headers)?)
}

/// Checks the names and values of a client's header or trailer section: `http` accepts a `"` in names from HTTP/2.
/// Whitespace around a value is an error; over HTTP/1.1 it is not part of the value, and hyper removes it.
pub(crate) fn check_received(fields: &HeaderMap) -> Result<(), BadField> {
    for (name, value) in fields {
        if !is_token(name) {
            return Err(BadField::Name(name.clone()));
        }
        if has_outer_whitespace(value.as_bytes()) {
            return Err(BadField::Whitespace(name.clone()));
        }
    }
    Ok(())
}

/// Whether a name is a token. `http` accepts only one other character in names, and only in those from HTTP/2.
pub(super) fn is_token(name: &HeaderName) -> bool {
    memchr::memchr(b'"', name.as_str().as_bytes()).is_none()
}

/// Replaces the `Host` of an HTTP/1.1 request with the authority of its target, if that is in absolute-form
/// ([RFC 9112 §3.2.2](https://www.rfc-editor.org/rfc/rfc9112#section-3.2.2)).
pub(crate) fn take_host_of_target(head: &mut Parts) {
    if head.version < Version::HTTP_2
        && head.uri.scheme().is_some()
        && let Some(authority) = head.uri.authority()
        && let Ok(host) = HeaderValue::from_str(authority.as_str())
    {
        head.headers.insert(header::HOST, host);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum_trailers::syntax::is_lowercase_token;
    use http::Uri;
    use proptest::prelude::*;

    fn head(uri: Uri) -> Parts {
        let (mut head, ()) = http::Request::new(()).into_parts();
        head.uri = uri;
        head
    }

    #[test]
    fn name_that_http_accepts_is_a_token_unless_it_has_a_quotation_mark() {
        for byte in 0..=u8::MAX {
            for bytes in [&[byte][..], &[b'x', byte], &[byte; 80]] {
                let names = [HeaderName::from_lowercase(bytes), HeaderName::from_bytes(bytes)];
                for name in names.into_iter().flatten() {
                    assert_eq!(is_token(&name), is_lowercase_token(name.as_str()), "{name:?}");
                }
            }
        }
        assert!(!is_token(&HeaderName::from_lowercase(b"x\"").expect("accepted")));
    }

    #[test]
    fn non_ascii_target_is_rejected() {
        let last = LastAuthority::default();
        for (target, is_valid) in [("/a?b", true), ("*", true), ("/ä", false), ("/?ö", false)] {
            let uri = Uri::try_from(target.as_bytes()).expect("hyper accepts it");
            assert_eq!(check_head(&head(uri), &last).is_ok(), is_valid, "{target}");
        }
    }

    #[test]
    fn authority_is_a_host_one_request_after_the_other() {
        let last = LastAuthority::default();
        for (target, is_valid) in [
            ("https://a/", true),
            ("https://a/b", true),
            ("https://user@a/", false),
            ("https://a/", true),
            ("user@a:1", false),
            ("user@a:1", false),
            ("a:1", true),
        ] {
            let uri = target.parse().expect("a target");
            assert_eq!(check_head(&head(uri), &last).is_ok(), is_valid, "{target}");
        }
    }

    #[test]
    fn target_in_absolute_form_replaces_the_host() {
        for (version, expected) in [(Version::HTTP_11, "a:1"), (Version::HTTP_2, "b")] {
            let mut head = head("http://a:1/".parse().expect("a target"));
            head.version = version;
            head.headers.insert(header::HOST, HeaderValue::from_static("b"));
            take_host_of_target(&mut head);
            assert_eq!(head.headers[header::HOST], expected);
        }
    }

    proptest! {
        #[test]
        fn section_is_refused_for_a_name_that_is_no_token_or_whitespace_around_a_value(
            fields in prop::collection::vec(("[a\"]{1,2}", "[ \ta]{0,3}"), 0..8),
        ) {
            let mut section = HeaderMap::new();
            for (name, value) in &fields {
                let name = HeaderName::from_lowercase(name.as_bytes()).expect("accepted from HTTP/2");
                section.append(name, HeaderValue::from_str(value).expect("a value"));
            }
            let is_malformed = |(name, value): &(String, String)| name.contains('"') || value.trim() != value;
            prop_assert_eq!(check_received(&section).is_err(), fields.iter().any(is_malformed));
        }
    }
}

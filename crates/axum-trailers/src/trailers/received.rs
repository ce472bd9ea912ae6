use super::{TrailerError, Trailers, map::permitted};
use crate::{
    compat::Fields,
    syntax::{has_outer_whitespace, without_outer_whitespace},
};
use http::{HeaderMap, HeaderName, HeaderValue};

/// The maximum size of a received trailer section.
///
/// axum-trailers-server inserts its limits into the extensions of each request that has a body. With another server,
/// insert them yourself to change the default.
///
/// Later versions may add limits, so start from the default and change what you need:
///
/// ```
/// use axum_trailers::trailers::TrailerLimits;
///
/// let mut limits = TrailerLimits::default();
/// limits.fields = 16;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TrailerLimits {
    /// Size in bytes, counted as in [RFC 9113 §6.5.2](https://www.rfc-editor.org/rfc/rfc9113#section-6.5.2): name,
    /// value and 32 bytes for each field line. Default: 8 KiB.
    pub size: usize,
    /// Number of field lines. Default: 64.
    pub fields: usize,
}

/// A received trailer section exceeds its limit. A server responds with 431
/// ([RFC 6585 §5](https://www.rfc-editor.org/rfc/rfc6585#section-5)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrailersTooLarge {
    /// Too many bytes.
    #[error("the trailer section is larger than {limit} bytes")]
    Size {
        /// The maximum number of bytes.
        limit: usize,
    },
    /// Too many field lines.
    #[error("the trailer section has more than {limit} fields")]
    Fields {
        /// The maximum number of field lines.
        limit: usize,
    },
}

impl Default for TrailerLimits {
    fn default() -> Self {
        Self { size: 8 * 1024, fields: 64 }
    }
}

impl Trailers {
    /// Checks a received trailer section. Removes fields that
    /// [RFC 9110 §6.5.1](https://www.rfc-editor.org/rfc/rfc9110#section-6.5.1) forbids and names that are not tokens,
    /// and logs each at `DEBUG`. Also removes whitespace around values, which is not part of them
    /// ([RFC 9110 §5.5](https://www.rfc-editor.org/rfc/rfc9110#section-5.5)).
    ///
    /// # Errors
    ///
    /// [`TrailersTooLarge`] if the section exceeds a limit, in bytes or in field lines.
    pub fn from_received(mut section: HeaderMap, limits: TrailerLimits) -> Result<Self, TrailersTooLarge> {
        if section.len() > limits.fields {
            return Err(TrailersTooLarge::Fields { limit: limits.fields });
        }
        if section_size(&section) > limits.size {
            return Err(TrailersTooLarge::Size { limit: limits.size });
        }
        let left_out: Vec<_> = section.keys().filter(|name| !may_be_used(name)).cloned().collect();
        for name in left_out {
            section.remove(name);
        }
        section.values_mut().for_each(trim);
        Ok(Self::of_checked(section))
    }
}

fn trim(value: &mut HeaderValue) {
    if has_outer_whitespace(value.as_bytes()) {
        let trimmed = HeaderValue::from_bytes(without_outer_whitespace(value.as_bytes()));
        *value = trimmed.expect("a part of a field value is one");
    }
}

fn may_be_used(name: &HeaderName) -> bool {
    match permitted(name) {
        Ok(()) => return true,
        Err(TrailerError::Forbidden { reason, .. }) => {
            tracing::debug!(%name, %reason, "forbidden field in received trailers ignored");
        }
        Err(_malformed) => {
            tracing::debug!(%name, "field in received trailers ignored: its name is not a token");
        }
    }
    false
}

/// The size of a header or trailer section in bytes, counted as in
/// [RFC 9113 §6.5.2](https://www.rfc-editor.org/rfc/rfc9113#section-6.5.2): name, value and 32 for each field line.
#[must_use]
pub fn section_size(fields: &impl Fields) -> usize {
    fields.lines().map(|(name, value)| name.len() + value.len() + 32).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(list: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut section = HeaderMap::new();
        for (name, value) in list {
            section.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        section
    }

    #[test]
    fn forbidden_fields_are_left_out_and_repeated_ones_kept() {
        let came = section(&[
            ("x-a", "1"),
            ("content-length", "7"),
            ("x-a", "2"),
            ("authorization", "no"),
            ("\"x\"", "no"),
            ("x-b", " \t3 4 "),
        ]);
        let kept = Trailers::from_received(came, TrailerLimits::default()).expect("small enough").into_map();
        let kept: Vec<_> = kept.iter().map(|(n, v)| (n.as_str(), v.as_bytes())).collect();
        assert_eq!(kept, [("x-a", &b"1"[..]), ("x-a", b"2"), ("x-b", b"3 4")]);
    }

    #[test]
    fn section_over_a_limit_is_refused() {
        let came = section(&[("x-a", "12345"), ("x-a", "")]);
        let exact = TrailerLimits { size: 3 + 5 + 32 + 3 + 32, fields: 2 };
        assert!(Trailers::from_received(came.clone(), exact).is_ok());
        let smaller = TrailerLimits { size: exact.size - 1, ..exact };
        assert_eq!(Trailers::from_received(came.clone(), smaller), Err(TrailersTooLarge::Size { limit: 74 }));
        let fewer = TrailerLimits { fields: 1, ..exact };
        assert_eq!(Trailers::from_received(came, fewer), Err(TrailersTooLarge::Fields { limit: 1 }));
    }

    #[test]
    fn full_section_does_not_panic() {
        let name = |n| HeaderName::try_from(format!("x-{n}")).expect("a name");
        let mut full: HeaderMap = (1..24 * 1024).map(|n| (name(n), HeaderValue::from(n))).collect();
        full.insert("host", HeaderValue::from_static("forbidden"));
        let unlimited = TrailerLimits { size: usize::MAX, fields: usize::MAX };
        let kept = Trailers::from_received(full, unlimited).expect("within the limits").into_map();
        assert_eq!(kept.len(), 24 * 1024 - 1);
    }
}

use super::{Trailers, why_forbidden};
use http::HeaderMap;

/// How large a received trailer section may be.
///
/// The server of this crate leaves its own in the extensions of each request that has a body. Under another server, insert
/// one there to change the default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrailerLimits {
    /// Its size in bytes, counted as [RFC 9113 §6.5.2](https://www.rfc-editor.org/rfc/rfc9113#section-6.5.2) counts
    /// a header section: name, value and 32 bytes for each field line. Default: 8 KiB.
    pub size: usize,
    /// The number of its field lines. Default: 64.
    pub fields: usize,
}

/// A received trailer section is larger than its limit. For a request that is a 431
/// ([RFC 6585 §5](https://www.rfc-editor.org/rfc/rfc6585#section-5)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrailersTooLarge {
    /// In bytes.
    #[error("the trailer section is larger than {limit} bytes")]
    Size {
        /// How many there may be.
        limit: usize,
    },
    /// In field lines.
    #[error("the trailer section has more than {limit} fields")]
    Fields {
        /// How many there may be.
        limit: usize,
    },
}

impl Default for TrailerLimits {
    fn default() -> Self {
        Self { size: 8 * 1024, fields: 64 }
    }
}

/// What of a received section may be used: what RFC 9110 §6.5.1 forbids there is left out, and named in the log.
pub(crate) fn received(section: HeaderMap, limits: TrailerLimits) -> Result<Trailers, TrailersTooLarge> {
    if section.len() > limits.fields {
        return Err(TrailersTooLarge::Fields { limit: limits.fields });
    }
    if section_size(&section) > limits.size {
        return Err(TrailersTooLarge::Size { limit: limits.size });
    }
    let mut kept = HeaderMap::with_capacity(section.keys_len());
    let mut last = None;
    for (name, value) in section {
        last = name.or(last);
        let Some(name) = &last else { continue };
        match why_forbidden(name) {
            None => drop(kept.append(name, value)),
            Some(reason) => tracing::debug!(%name, %reason, "forbidden field in request trailers left out"),
        }
    }
    Ok(Trailers::of_checked(kept))
}

/// The size of a header or trailer section, counted as RFC 9113 §6.5.2 does.
pub(crate) fn section_size(fields: &HeaderMap) -> usize {
    fields.iter().map(|(name, value)| name.as_str().len() + value.len() + 32).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};

    fn section(list: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut section = HeaderMap::new();
        for (name, value) in list {
            section.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        section
    }

    #[test]
    fn forbidden_fields_are_left_out_and_repeated_ones_kept() {
        let came = section(&[("x-a", "1"), ("content-length", "7"), ("x-a", "2"), ("authorization", "no")]);
        let kept = received(came, TrailerLimits::default()).expect("small enough").into_map();
        let kept: Vec<_> = kept.iter().map(|(n, v)| (n.as_str(), v.as_bytes())).collect();
        assert_eq!(kept, [("x-a", &b"1"[..]), ("x-a", b"2")]);
    }

    #[test]
    fn section_past_a_limit_is_refused_and_one_at_it_is_not() {
        let came = section(&[("x-a", "12345"), ("x-a", "")]);
        let exact = TrailerLimits { size: 3 + 5 + 32 + 3 + 32, fields: 2 };
        assert!(received(came.clone(), exact).is_ok());
        let smaller = TrailerLimits { size: exact.size - 1, ..exact };
        assert_eq!(received(came.clone(), smaller), Err(TrailersTooLarge::Size { limit: 74 }));
        let fewer = TrailerLimits { fields: 1, ..exact };
        assert_eq!(received(came, fewer), Err(TrailersTooLarge::Fields { limit: 1 }));
    }
}

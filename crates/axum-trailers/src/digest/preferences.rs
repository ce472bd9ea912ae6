use super::{Algorithm, field::dictionary};
use http::{HeaderMap, HeaderName};
use sfv::{BareItem, ListEntry};

/// The preferences in a `Want-…-Digest` field ([RFC 9530 §4](https://www.rfc-editor.org/rfc/rfc9530#section-4)):
/// supported algorithms with their weights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preferences(Vec<(Algorithm, i64)>);

impl Preferences {
    /// Reads the field with this name. Returns `None` if there is none or it is malformed. Members with an unknown
    /// algorithm or without a weight from 0 to 10 are ignored.
    #[must_use]
    pub fn read(headers: &HeaderMap, name: &HeaderName) -> Option<Self> {
        let members = match dictionary(headers, name)? {
            Ok(members) => members,
            Err(error) => {
                tracing::debug!(%name, %error, "malformed field ignored");
                return None;
            }
        };
        let weights = members.iter().filter_map(|(key, value)| {
            let weight = weight(value);
            if weight.is_none() {
                tracing::debug!(%name, member = key.as_str(), "member without a weight from 0 to 10 ignored");
            }
            Some((Algorithm::from_key(key.as_str())?, weight?))
        });
        Some(Self(weights.collect()))
    }

    /// Chooses the algorithm with the largest weight. `default` wins a tie, and is used if no supported algorithm has a
    /// weight above 0. Returns `None` if `default` would be used but has the weight 0, which rules it out.
    #[must_use]
    pub fn choose(&self, default: Algorithm) -> Option<Algorithm> {
        let wanted = self.0.iter().filter(|(_, weight)| *weight > 0);
        match wanted.max_by_key(|(algorithm, weight)| (*weight, *algorithm == default)) {
            Some((algorithm, _)) => Some(*algorithm),
            None if self.rules_out(default) => None,
            None => Some(default),
        }
    }

    /// Whether this algorithm has the weight 0.
    #[must_use]
    pub fn rules_out(&self, algorithm: Algorithm) -> bool {
        self.0.contains(&(algorithm, 0))
    }
}

fn weight(value: &ListEntry) -> Option<i64> {
    let ListEntry::Item(sfv::Item { bare_item: BareItem::Integer(weight), .. }) = value else {
        return None;
    };
    let weight = i64::from(*weight);
    (0..=10).contains(&weight).then_some(weight)
}

#[cfg(test)]
mod tests {
    use super::{super::WANT_CONTENT_DIGEST, *};
    use Algorithm::{Sha256, Sha512};
    use http::HeaderValue;

    fn read(want: &str) -> Option<Preferences> {
        let mut headers = HeaderMap::new();
        headers.insert(WANT_CONTENT_DIGEST, HeaderValue::from_str(want).expect("a field value"));
        Preferences::read(&headers, &WANT_CONTENT_DIGEST)
    }

    #[test]
    fn known_weights_decide_and_other_members_are_ignored() {
        let cases = [
            ("sha-256=1, sha-512=10", Sha256, Some(Sha512)),
            ("sha-256=10, sha-512=9", Sha512, Some(Sha256)),
            ("sha-256=5, sha-512=5", Sha256, Some(Sha256)),
            ("sha-512=5, sha-256=5", Sha512, Some(Sha512)),
            ("sha-512=1;q=2", Sha256, Some(Sha512)),
            // RFC 9530, appendices C.1 and C.2.
            ("sha-256=3, sha=10", Sha512, Some(Sha256)),
            ("sha=10", Sha512, Some(Sha512)),
            ("sha-256=0", Sha256, None),
            ("sha-256=0", Sha512, Some(Sha512)),
            ("sha-256=0, sha-512=1", Sha256, Some(Sha512)),
            ("sha-512=11, sha-256=1", Sha512, Some(Sha256)),
            ("sha-512=-1", Sha256, Some(Sha256)),
            ("sha-512=0.5", Sha256, Some(Sha256)),
            ("sha-512", Sha256, Some(Sha256)),
            ("sha-512=(1)", Sha256, Some(Sha256)),
            ("", Sha256, Some(Sha256)),
        ];
        for (want, default, expected) in cases {
            let chosen = read(want).expect("well-formed").choose(default);
            assert_eq!(chosen, expected, "{want:?} with {default} as the default");
        }
        for malformed in ["sha-512=10,", "sha-512=10;", "SHA-512=10", "sha-512;q=1.0000"] {
            assert_eq!(read(malformed), None, "{malformed}");
        }
        assert_eq!(Preferences::read(&HeaderMap::new(), &WANT_CONTENT_DIGEST), None);
    }
}

use super::{Algorithm, field::dictionary};
use crate::compat::Fields;
use http::HeaderName;
use sfv::{BareItem, ListEntry};

/// The preferences in a `Want-…-Digest` field ([RFC 9530 §4](https://www.rfc-editor.org/rfc/rfc9530#section-4)):
/// supported algorithms with their weights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preferences(Vec<(Algorithm, i64)>);

impl Preferences {
    /// Reads the field with this name. Returns `None` if there is none or it is malformed. Members with an unknown
    /// algorithm or without a weight from 0 to 10 are ignored.
    #[must_use]
    pub fn read(headers: &impl Fields, name: &HeaderName) -> Option<Self> {
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
